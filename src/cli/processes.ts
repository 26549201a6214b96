// SPDX-License-Identifier: Apache-2.0
// Protected processes, as tables and sentences.

import type { ProcessReport, ProtectReport } from "../control/protocol.js";
import { printable } from "../errors/index.js";
import type { Session } from "./io.js";
import { renderTable } from "./table.js";

export function processTable(processes: readonly ProcessReport[], color: boolean): string[] {
  const rows = processes.map(({ pid, comm, uid, workload, tracer, hardening }) => [
    String(pid),
    String(uid),
    workload,
    comm,
    tracer === 0
      ? { text: hardeningText(hardening), style: "dim" as const }
      : { text: `traced by ${tracer} since before`, style: "red" as const },
  ]);
  const columns = [
    { title: "PID", align: "right" },
    { title: "UID", align: "right" },
    { title: "WORKLOAD" },
    { title: "NAME" },
    { title: "" },
  ] as const;
  return renderTable(columns, rows, { color });
}

/** What could not be done when protection began. */
function hardeningText(hardening: ProcessReport["hardening"]): string {
  return Object.entries(hardening)
    .filter(([, state]) => state?.outcome === "refused")
    .map(([kind, state]) => `${kind} refused: ${state?.reason}`)
    .join("; ");
}

export const count = (number: number, one: string, many = `${one}es`): string =>
  `${number} ${number === 1 ? one : many}`;

/** What protect or unprotect did. */
export function showReport(session: Session, report: ProtectReport, sentence: string): void {
  for (const warning of report.warnings) session.note(`warning: ${printable(warning)}`);
  if (session.json) {
    session.value(report);
    return;
  }
  session.line(sentence);
  for (const line of report.processes.length > 0 ? processTable(report.processes, session.color) : []) {
    session.line(`  ${line}`);
  }
}
