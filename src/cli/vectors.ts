// SPDX-License-Identifier: Apache-2.0
// cloudtaser vectors: what is guarded against, and how each guard stands on this node. Without an agent, the table alone.

import type { Command } from "commander";
import type { VectorReport } from "../control/protocol.js";
import { CloudtaserError } from "../errors/index.js";
import { vectorEntry, vectorNames } from "../vectors/index.js";
import { explainVector, vectorNamed } from "./explain.js";
import { type Io, type Session, sessionOf } from "./io.js";
import { type Cell, type Column, renderTable } from "./table.js";

export function addVectors(program: Command, io: Io): void {
  program
    .command("vectors")
    .description("list the attack vectors with mode, proof and counts")
    .option("--explain <name>", "one vector: what it is, how it is stopped here, what a refusal is evidence for")
    .action(async ({ explain }: { explain?: string }, command: Command) => {
      const session = sessionOf(io, command);
      const chosen = explain === undefined ? undefined : vectorNamed(explain);
      const reports = await liveReports(session);
      if (chosen !== undefined) {
        const live = reports?.find(({ vector }) => vector === chosen);
        if (session.json) session.value({ vector: chosen, ...vectorEntry(chosen), ...live });
        else for (const line of explainVector(chosen, live)) session.line(line);
        return;
      }
      if (session.json) return session.value(vectorValues(reports));
      const lines = reports === undefined ? staticTable(session.color) : liveTable(reports, session.color);
      for (const line of lines) session.line(line);
    });
}

/** undefined, said on standard error, if no agent runs: what is guarded against can be told without one. */
async function liveReports(session: Session): Promise<VectorReport[] | undefined> {
  try {
    return await (await session.client()).vectors();
  } catch (error) {
    if (!(error instanceof CloudtaserError) || error.code !== "AGENT_NOT_RUNNING") throw error;
    session.note(`note: ${error.message}: nothing is guarded now`);
    return undefined;
  }
}

function vectorValues(reports: readonly VectorReport[] | undefined): unknown[] {
  return vectorNames.map((vector) => {
    const { title, eventType: event, severity, scope, doors, attack, defaultMode } = vectorEntry(vector);
    const live = reports?.find((report) => report.vector === vector);
    return { vector, title, event, severity, scope, doors, attack, defaultMode, ...live };
  });
}

function staticTable(color: boolean): string[] {
  const columns = [
    { title: "VECTOR" },
    { title: "SEVERITY" },
    { title: "AGAINST" },
    { title: "EVENT" },
    { title: "DOORS" },
    { title: "WHAT IT IS" },
  ] as const;
  const rows = vectorNames.map((vector) => {
    const { title, eventType, severity, scope, doors } = vectorEntry(vector);
    return [vector, severity, scope, eventType, doors.join(" "), title];
  });
  return renderTable(columns, rows, { color });
}

function modeCell({ mode, kill }: VectorReport): Cell {
  const style = mode === "enforce" ? "green" : mode === "detect" ? "yellow" : "dim";
  return { text: kill ? `${mode}+kill` : mode, style };
}

function proofCell({ proved, idle, reason }: VectorReport): Cell {
  return proved
    ? { text: idle ? "proved, idle now" : "proved", style: "green" }
    : { text: `not proved: ${reason}`, style: "red" };
}

function liveTable(reports: readonly VectorReport[], color: boolean): string[] {
  const late = reports.some(({ form }) => form === "signal");
  const columns: Column[] = [
    { title: "VECTOR" },
    { title: "MODE" },
    { title: "FORM" },
    { title: "SOUNDNESS" },
    { title: "DENIED", align: "right" },
    ...(late ? [{ title: "KILLED", align: "right" as const }] : []),
    { title: "OBSERVED", align: "right" },
    { title: "ALLOWED", align: "right" },
    { title: "PROOF" },
  ];
  const rows = reports.map((report) => [
    report.vector,
    modeCell(report),
    report.form,
    { text: report.soundness, style: report.soundness === "sound" ? undefined : ("yellow" as const) },
    report.denied,
    ...(late ? [report.killed] : []),
    report.observed,
    report.allowed,
    proofCell(report),
  ]);
  return renderTable(columns, rows, { color });
}
