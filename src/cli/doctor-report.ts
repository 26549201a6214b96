// SPDX-License-Identifier: Apache-2.0
// Doctor's findings as text for people and as a value for programs.

import { errorToJson, printable, printableLines } from "../errors/index.js";
import { doorNames, doors, mayBeAbsent } from "../kernel/doors.js";
import type { Finding } from "./doctor.js";
import type { Advice } from "./doctor-advice.js";
import { restraintsOf } from "./doctor-restraints.js";
import { chosenTrial, decidingDoors, doctorStatus, secretsProblem, verdict } from "./doctor-verdict.js";
import { doorCell } from "./doors.js";
import { doorTable } from "./status.js";
import { type Cell, paint, renderTable } from "./table.js";

const logLines = 8;

export function doctorValue(finding: Finding, advice: readonly Advice[]): unknown {
  const { facts, agent, diagnosis, untried } = finding;
  const forms = diagnosis?.trials.map(({ form, problem, doors: tried }) => ({
    form,
    problem: problem === undefined ? null : errorToJson(problem),
    doors: tried.map((door) => ({ ...door, recursionMisses: door.recursionMisses.toString() })),
  }));
  return {
    sound: doctorStatus(finding) === 0,
    verdict: verdict(finding).text,
    form: agent?.form ?? diagnosis?.chosen ?? null,
    facts: { ...facts, bpfLsm: diagnosis?.bpfLsm ?? null },
    restraints: restraintsOf(finding),
    agent: agent ?? null,
    untried: untried ?? null,
    forms: forms ?? [],
    secrets: secretsProblem(finding) ?? null,
    change: advice.filter((one) => one.change).map(({ text }) => text),
    notes: advice.filter((one) => !one.change).map(({ text }) => text),
  };
}

export function doctorLines(finding: Finding, advice: readonly Advice[], color: boolean): string[] {
  const { good, text } = verdict(finding);
  return [
    ...factLines(finding, color),
    ...doorLines(finding, color),
    ...failureLines(finding),
    "",
    paint(text, good ? "green" : "red", color),
    ...advice.map(
      (one) =>
        `${paint(one.change ? "change:" : "note:", one.change ? "yellow" : "dim", color)} ${printable(one.text, 2000)}`,
    ),
  ];
}

function factLines(finding: Finding, color: boolean): string[] {
  const { facts, agent } = finding;
  const problem = secretsProblem(finding);
  const yes = (value: boolean, no: string): Cell => ({ text: value ? "yes" : no, style: value ? "green" : "red" });
  const ftrace = { true: "1", false: "0: guards are not called", undefined: "no such switch" }[
    String(facts.ftraceEnabled)
  ];
  const capabilities =
    facts.missingCapabilities.length === 0 ? "all that are needed" : `lacks ${facts.missingCapabilities.join(", ")}`;
  const rows: [string, string | Cell][] = [
    ["kernel", `${facts.release} ${facts.version}`],
    ["processor", processorWord(facts.processor)],
    ["types (BTF)", yes(facts.btf, "no")],
    ...restraintRows(finding),
    ["preemption", `${facts.preemption}: ${facts.preempts ? "may preempt a guard" : "cannot preempt a guard"}`],
    ["ftrace_enabled", ftrace ?? ""],
    ["BPF file system", yes(facts.bpffs, "no")],
    ["root", yes(facts.root, "no")],
    ["capabilities", capabilities],
    ["pid namespace", facts.initialPidNamespace ? "the node's" : "not the node's"],
    ...(problem === undefined
      ? []
      : [["secrets", yes(problem === "", `cannot be looked for: ${problem}`)] satisfies [string, Cell]]),
    [
      "agent",
      agent === undefined
        ? "does not run"
        : `runs, pid ${agent.pid}, ${agent.ready ? "ready" : "not ready"}; its doors are shown`,
    ],
  ];
  return renderTable([{ title: "" }, { title: "" }], rows, { color }).slice(1);
}

function processorWord(processor: string): Cell {
  const means: Readonly<Record<string, string>> = {
    x64: "x86-64: 32-bit and x32 calls are guarded too",
    arm64:
      "arm64: calls of 32-bit programs are guarded too; it has no I/O ports, no model-specific registers and no 32-bit calls of 64-bit programs, so these roads (msr_io) are absent",
  };
  const text = means[processor];
  return text === undefined ? { text: `${processor}: guards do not know its system calls`, style: "red" } : { text };
}

const restraintRows = (finding: Finding): [string, Cell][] =>
  restraintsOf(finding).map(({ about, found, means, good }): [string, Cell] => [
    about,
    { text: printable(`${found}: ${means}`, 2000), style: good ? undefined : "red" },
  ]);

function doorLines(finding: Finding, color: boolean): string[] {
  const { agent, diagnosis } = finding;
  if (agent !== undefined) return ["", ...doorTable(agent, color)];
  if (diagnosis === undefined) return [];
  const columns = [
    { title: "DOOR" },
    ...diagnosis.trials.map(({ form }) => ({ title: form === diagnosis.chosen ? `${form} (chosen)` : form })),
    { title: "STANDS BEFORE" },
  ];
  const rows = doorNames.map((name) => [
    name,
    ...diagnosis.trials.map((trial): Cell => {
      const door = trial.doors.find((one) => one.door === name);
      if (door !== undefined) return doorCell(door);
      return mayBeAbsent(name) ? { text: "not needed" } : { text: "absent", style: "red" };
    }),
    doors[name].guards,
  ]);
  return ["", ...renderTable(columns, rows, { color })];
}

/** Why doors of the deciding form fail; the verifier's last words where it spoke. Of another form, one line. */
function failureLines(finding: Finding): string[] {
  const lines: string[] = [];
  const chosen = chosenTrial(finding);
  for (const trial of finding.diagnosis?.trials ?? []) {
    if (trial.problem !== undefined) lines.push(`${trial.form}: ${printable(trial.problem.message)}`);
    for (const { door, proved, reason } of trial.doors) {
      if (proved && reason !== "") lines.push(`${trial.form}: ${door}: ${printable(reason)}`);
    }
    const failed = trial.doors.filter((door) => !door.proved);
    if (failed.length === 0) continue;
    if (chosen !== undefined && trial !== chosen) {
      lines.push(
        `${trial.form}: ${failed.length} not proved; ${failed[0]?.door}: ${printable(failed[0]?.reason ?? "")}`,
      );
      continue;
    }
    for (const door of failed) {
      lines.push(`${trial.form}: ${door.door}: ${printable(door.reason)}`);
      for (const line of printableLines(door.log, logLines)) lines.push(`    ${line}`);
    }
  }
  const missed = decidingDoors(finding).filter((door) => BigInt(door.recursionMisses) > 0n);
  for (const { door, recursionMisses } of missed) lines.push(`${door}: skipped ${recursionMisses} times by the kernel`);
  return lines.length > 0 ? ["", ...lines] : [];
}
