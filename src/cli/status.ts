// SPDX-License-Identifier: Apache-2.0
// cloudtaser status: what the agent does now. Exit status 6 while it is not ready, for scripts.

import type { Command } from "commander";
import type { StatusReport } from "../control/protocol.js";
import { exitCodes, printable } from "../errors/index.js";
import { doorCell } from "./doors.js";
import { type Io, type Session, sessionOf } from "./io.js";
import { count, processTable } from "./processes.js";
import { paint, renderTable, type Style } from "./table.js";

export function addStatus(program: Command, io: Io): void {
  program
    .command("status")
    .description("show whether the agent is ready, its doors, and what it protects")
    .action(async (_: unknown, command: Command) => {
      const session = sessionOf(io, command);
      const status = await (await session.client()).status();
      if (!status.ready) io.status = exitCodes.unproven;
      if (session.json) session.value(status);
      else for (const line of statusLines(status, session)) session.line(line);
    });
}

export function statusLines(status: StatusReport, { color }: Pick<Session, "color">): string[] {
  const styled = (style: Style, text: string): string => paint(text, style, color);
  const ready = status.ready ? styled("green", "ready") : styled("red", "NOT READY");
  const proof = status.lastProof === null ? "never" : status.lastProof;
  const file = status.config.file ?? "none, defaults";
  return [
    `cloudtaser ${printable(status.version)} on ${printable(status.node)}: ${ready}, mode ${printable(status.mode)}, form ${printable(status.form)}`,
    ...status.notReady.map((reason) => styled("red", `  not ready: ${printable(reason)}`)),
    `  agent    pid ${status.pid} since ${printable(status.started)}${status.tookOver ? ", took over the guards of an earlier one" : ""}`,
    `  kernel   ${printable(status.kernel)}, preemption ${printable(status.preemption)}`,
    `  config   ${printable(file)}, in force since ${printable(status.config.loadedAt)}`,
    ...(status.config.lastError === null ? [] : [styled("red", `  refused  ${printable(status.config.lastError)}`)]),
    `  proof    ${printable(proof)}`,
    ...(status.idle
      ? ["  doors    idle: they attach, and are proved again, before the first protection is acknowledged"]
      : []),
    `  events   ${status.events.published} published, last seq ${status.events.lastSeq}`,
    `  losses   ${lossText(status.losses)}`,
    `  evidence ${evidenceText(status.evidence)}`,
    ...status.warnings.map((warning) => styled("yellow", `  warning  ${printable(warning)}`)),
    "",
    ...doorTable(status, color),
    "",
    ...sinkTable(status, color),
    "",
    ...protectedLines(status, color),
  ];
}

function evidenceText({ publicKey, lastCheckpoint }: StatusReport["evidence"]): string {
  if (publicKey === null) return "checkpoints are not signed";
  return `public key ${printable(publicKey)}, last checkpoint ${printable(lastCheckpoint ?? "none yet")}`;
}

function sinkTable(status: Pick<StatusReport, "sinks">, color: boolean): string[] {
  if (status.sinks.length === 0) return ["no sink: events are only on the control socket"];
  const columns = [
    { title: "SINK" },
    { title: "KIND" },
    { title: "FORMAT" },
    { title: "DELIVERED", align: "right" },
    { title: "QUEUED", align: "right" },
    { title: "SPOOL", align: "right" },
    { title: "DROPPED", align: "right" },
    { title: "LAST ERROR", max: 80 },
  ] as const;
  const rows = status.sinks.map((sink) => [
    sink.name,
    sink.kind,
    sink.format,
    String(sink.delivered),
    String(sink.queued),
    sink.spoolBytes === 0 ? "" : `${Math.ceil(sink.spoolBytes / 1024)} KiB`,
    { text: String(sink.dropped), style: sink.dropped > 0 ? ("red" as const) : undefined },
    sink.lastError,
  ]);
  return renderTable(columns, rows, { color });
}

function lossText(losses: Readonly<Record<string, string>>): string {
  const some = Object.entries(losses).filter(([, number]) => number !== "0");
  return some.length === 0 ? "none" : some.map(([reason, number]) => printable(`${reason} ${number}`)).join(", ");
}

export function doorTable(status: Pick<StatusReport, "doors">, color: boolean): string[] {
  const columns = [
    { title: "DOOR" },
    { title: "FORM" },
    { title: "STATE" },
    { title: "SOUNDNESS" },
    { title: "MISSED", align: "right" },
    { title: "WHY NOT" },
  ] as const;
  const rows = status.doors.map((door) => [
    door.door,
    door.form,
    doorCell(door),
    door.soundness,
    door.recursionMisses,
    door.reason,
  ]);
  return renderTable(columns, rows, { color });
}

function protectedLines(status: StatusReport, color: boolean): string[] {
  const secrets = status.secrets.workloads.map(({ workload, count: registered }) =>
    printable(`secrets of ${workload}: ${registered} registered`),
  );
  if (status.processes.length === 0 && status.cgroups.length === 0) return ["No process is protected.", ...secrets];
  const workloads = count(status.workloads.length, "workload", "workloads");
  return [
    `${count(status.processes.length, "process")} protected in ${workloads}`,
    ...processTable(status.processes, color),
    ...cgroupTable(status.cgroups, color),
    ...status.workloads.flatMap(({ name, overrides }) => {
      const rules = Object.entries(overrides).map(
        ([vector, { mode, kill }]) => `${vector} ${mode}${kill ? " kill" : ""}`,
      );
      return rules.length === 0 ? [] : [printable(`rules of ${name}: ${rules.join(", ")}`)];
    }),
    ...secrets,
  ];
}

function cgroupTable(cgroups: StatusReport["cgroups"], color: boolean): string[] {
  if (cgroups.length === 0) return [];
  const rows = cgroups.map(({ id, path, workload }) => [path ?? "gone", workload, id]);
  const columns = [{ title: "CONTROL GROUP" }, { title: "WORKLOAD" }, { title: "ID", align: "right" }] as const;
  return ["", ...renderTable(columns, rows, { color })];
}
