// SPDX-License-Identifier: Apache-2.0
// cloudtaser secrets: what a workload must not let out. Values go to the agent once and are never shown again.

import type { Command } from "commander";
import type { AddSecretReport, SecretReport } from "../control/protocol.js";
import { printable } from "../errors/index.js";
import { keyOption } from "./authority-key.js";
import { type Io, type Session, sessionOf } from "./io.js";
import { count } from "./processes.js";
import { readValue, type ValueSource } from "./secret-value.js";
import { renderTable } from "./table.js";

interface AddOptions extends ValueSource {
  workload: string;
  name: string;
  allow: string[];
  replace?: boolean;
  key?: string;
}

export const collect = (one: string, before: string[] = []): string[] => [...before, one];

export function addSecrets(program: Command, io: Io): void {
  const group = program
    .command("secrets")
    .description("secrets that a workload must not write, send or otherwise let out");

  group
    .command("add")
    .description("register a secret: the workload can use it, and let it out to nowhere but where you allow it")
    .usage("[options] --workload NAME --name NAME --from-file PATH | --from-env NAME | --stdin")
    .requiredOption("--workload <name>", "workload whose processes are watched")
    .requiredOption("--name <name>", "name of the secret in events and lists")
    .option("--from-file <path>", "read the value from a file, without the newline at its end")
    .option("--from-env <variable>", "take the value from an environment variable of this command")
    .option("--stdin", "read the value from standard input, without the newline at its end")
    .option("--exact", "keep the newline")
    .option("--allow <place>", "where it may go: ADDRESS/BITS:PORT, or the path of a file or unix socket", collect, [])
    .option("--replace", "exchange the value that is registered under this name")
    .option(...keyOption)
    .action(async (options: AddOptions, command: Command) => {
      const session = sessionOf(io, command);
      const value = readValue(options.name, options, io.env, io.stdinIsTerminal);
      try {
        const { workload, name, allow, replace = false, key } = options;
        const client = await session.client(key);
        showAdded(session, await client.addSecret({ workload, name, allow, replace, endsWithWorkload: false }, value));
      } finally {
        value.fill(0);
      }
    });

  group
    .command("list")
    .description("list names, workloads and allowed places; values are never shown")
    .action(async (_: unknown, command: Command) => {
      const session = sessionOf(io, command);
      const report = await (await session.client()).secrets();
      if (session.json) session.value(report);
      else for (const line of secretLines(report.secrets, session.color)) session.line(line);
      if (report.unsupported !== "")
        session.note(`note: no secret can be registered: ${printable(report.unsupported)}`);
    });

  group
    .command("remove")
    .description("forget a secret, or all of a workload")
    .requiredOption("--workload <name>", "workload")
    .option("--name <name>", "name of the secret; all of the workload if left out")
    .option(...keyOption)
    .action(async ({ workload, name, key }: { workload: string; name?: string; key?: string }, command: Command) => {
      const session = sessionOf(io, command);
      const { removed } = await (await session.client(key)).removeSecret({ workload, name });
      if (session.json) session.value({ removed });
      else session.line(`${count(removed.length, "secret", "secrets")} of ${printable(workload)} forgotten`);
    });
}

function showAdded(session: Session, report: AddSecretReport): void {
  for (const warning of report.warnings) session.note(`warning: ${printable(warning)}`);
  if (session.json) {
    session.value(report);
    return;
  }
  const { name, workload, allow } = report.secret;
  const where = allow.length === 0 ? "nowhere" : allow.map((place) => printable(place)).join(", ");
  const done = { registered: "registered", replaced: "replaced", unchanged: "was registered already" }[report.outcome];
  session.line(`${printable(name)} of ${printable(workload)} ${done}; it may go to: ${where}`);
}

export function secretLines(secrets: readonly SecretReport[], color: boolean): string[] {
  if (secrets.length === 0) return ["No secret is registered."];
  const columns = [{ title: "WORKLOAD" }, { title: "NAME" }, { title: "ADDED" }, { title: "MAY GO TO" }, { title: "" }];
  const rows = secrets.map(({ workload, name, added, allow, endsWithWorkload }) => [
    workload,
    name,
    added,
    allow.length === 0 ? "nowhere" : allow.join(", "),
    endsWithWorkload ? "ends with the workload" : "",
  ]);
  return renderTable(columns, rows, { color });
}
