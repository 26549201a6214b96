// SPDX-License-Identifier: Apache-2.0
// docs/reference/vectors.md: what each attack vector is, from the vector table.

import {
  type ArgumentForm,
  severityText,
  type VectorEntry,
  type VectorName,
  vectorEntry,
  vectorNames,
} from "../../src/vectors/index.js";
import { code, codes, entryLink, opening, table } from "./markdown.js";

function formText(form: ArgumentForm): string {
  if (form === "number") return "number";
  if (form === "bits") return "hexadecimal bits";
  if (form === "vector") return "name of a vector";
  if (form === "address") return "internet address";
  return Object.values(form).map(code).join(", ");
}

function against({ scope, eventType }: VectorEntry): string {
  if (scope === "process") return "a protected process";
  if (scope === "own") return "what a protected process holds, by that process itself";
  return eventType === "AGENT_TAMPER" ? "the agent" : "the kernel below the protected processes";
}

function section(name: VectorName): string {
  const entry = vectorEntry(name);
  const details = [
    ...entry.args.map(({ key, form, meaning }) => [code(key), formText(form), meaning]),
    ...(entry.details ?? []).map(({ key, meaning }) => [code(key), key === "length" ? "number" : "text", meaning]),
    ...(entry.name ? [[code(entry.name.key), "text", entry.name.meaning]] : []),
  ];
  return [
    `## ${name}`,
    "",
    `${entry.title}. ${entry.attempt}`,
    "",
    entry.defence,
    "",
    table(
      ["", ""],
      [
        ["Event type", code(entry.eventType)],
        ["Severity", severityText(entry)],
        ["Against", against(entry)],
        ["Mode unless configured", entry.defaultMode === "inherit" ? "the global mode" : entry.defaultMode],
        ["Doors", entry.doors.map((door) => entryLink("doors", door)).join(", ")],
        ["ATT&CK", `${entry.attack.techniques.join(", ")} (${entry.attack.tactics.join(", ")})`],
        ["Evidence for", entry.compliance.join("; ")],
        ["Configuration", codes([`vectors.${name}.mode`, `vectors.${name}.kill`, `vectors.${name}.allow`])],
      ],
    ),
    details.length === 0
      ? "Events carry no detail of their own.\n"
      : table(["`detail` of its events", "Form", "Meaning"], details),
  ].join("\n");
}

export function vectorsReference(): string {
  const rows = vectorNames.map((name) => {
    const { title, eventType, severity, scope } = vectorEntry(name);
    return [`[${code(name)}](#${name})`, title, code(eventType), severity, scope];
  });
  return [
    opening(
      "Attack vectors",
      "src/vectors",
      `The ${vectorNames.length} attacks that this version detects and refuses.`,
    ),
    table(["Vector", "Title", "Event type", "Severity", "Scope"], rows),
    ...vectorNames.map(section),
  ].join("\n");
}
