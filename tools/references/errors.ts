// SPDX-License-Identifier: Apache-2.0
// docs/reference/errors.md: every error code, what it says, what to do, and the exit status that comes with it.

import { type ErrorEntry, errorTable, exitCodes } from "../../src/errors/index.js";
import { code, opening, table } from "./markdown.js";

const meanings = {
  failed: "it could not be done",
  usage: "a flag, an argument or the configuration is wrong",
  unsupported: "this machine or kernel cannot do it",
  forbidden: "not root, or not in the group that may",
  busy: "something else holds what is needed",
  unproven: "the guards are there, but their work could not be shown",
  onlyObserved: "of a selftest: nothing got through unseen, but something was only observed",
  switchedOff: "the kernel was booted with cloudtaser=off",
  notExecutable: "of `protect -- COMMAND`: the command is there and cannot be started",
  notFound: "of `protect -- COMMAND`: there is no such command",
  interrupted: "a signal came before the work was done",
} as const satisfies Record<keyof typeof exitCodes, string>;

/** Placeholders as capitals, the way usage texts show them. */
const shown = (template: string): string => template.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase());

export function errorsReference(): string {
  const entries: [string, ErrorEntry][] = Object.entries(errorTable);
  return [
    opening(
      "Errors",
      "src/errors",
      "Each error has a code, the thing it is about, a cause and a way out. With `--json`, the code is in the output; the exit status tells kinds apart.",
    ),
    "## Exit statuses",
    "",
    table(
      ["Status", "Meaning"],
      [
        ["0", "done"],
        ...(Object.keys(meanings) as (keyof typeof meanings)[]).map((name) => [
          String(exitCodes[name]),
          meanings[name],
        ]),
      ],
    ),
    ...entries
      .sort(([a], [b]) => a.localeCompare(b, "en"))
      .map(([name, { message, help, exitCode }]) =>
        [`## ${name}`, "", `${code(shown(message))}`, "", `${shown(help)} Exit status ${exitCode}.`, ""].join("\n"),
      ),
  ].join("\n");
}
