// SPDX-License-Identifier: Apache-2.0
// docs/reference/formats.md: what an event looks like in each format. Field lists come from the encoders, and for the JSON formats
// from what they make of the sample events that the tests use.

import { cefAttackFields, cefNoticeFields } from "../../src/formats/cef.js";
import type { Field } from "../../src/formats/fields.js";
import type { NoticeType } from "../../src/formats/index.js";
import { type AnyEvent, formatNames, noticeTypes } from "../../src/formats/index.js";
import { attackKindOf, type Kind, noticeKindOf } from "../../src/formats/kinds.js";
import { leefAttackFields, leefNoticeFields } from "../../src/formats/leef.js";
import { ocsfClasses } from "../../src/formats/ocsf.js";
import { formats } from "../../src/formats/registry.js";
import { severityScales } from "../../src/formats/severity.js";
import { vectorEntry, vectorNames } from "../../src/vectors/index.js";
import { samples } from "../../test/unit/formats-samples.js";
import { code, codes, opening, table } from "./markdown.js";

function kindRow(type: string, { ocsf, ecs, falcoRule }: Kind): string[] {
  const { name, activities } = ocsfClasses[ocsf.class];
  const activity = `${name}: ${activities[ocsf.activity] ?? "Other"} (${ocsf.class}, ${ocsf.activity})`;
  return [code(type), activity, codes(ecs.category), codes(ecs.type), falcoRule ?? ""];
}

function fieldTable<Event extends AnyEvent>(fields: readonly Field<Event>[]): string {
  return table(
    ["Key", "Label", "Holds"],
    fields.map(({ key, label, meaning }) => [code(key), label === undefined ? "" : code(label), meaning]),
  );
}

/** Path and first value of each leaf; what follows detail is the vector's. */
function leavesOf(value: unknown, path = "", leaves = new Map<string, string>()): Map<string, string> {
  const plainList = Array.isArray(value) && value.every((one) => typeof one !== "object");
  if (typeof value === "object" && value !== null && !plainList) {
    for (const [key, inner] of Object.entries(value)) {
      const step = Array.isArray(value) ? `${path}[]` : path === "" ? key : `${path}.${key}`;
      leavesOf(inner, step.replace(/(^|\.)detail\..*$/, "$1detail.*"), leaves);
    }
  } else if (value !== null && !(plainList && value.length === 0) && !leaves.has(path))
    leaves.set(path, JSON.stringify(value));
  return leaves;
}

/** Every field that the format has in any of the samples of this sort. */
function pathTable(format: "ecs" | "ocsf" | "falco", agents: boolean): string {
  const leaves = new Map<string, string>();
  for (const [name, event] of samples) {
    if ((event.vector === null) !== agents || name.includes("hostile")) continue;
    leavesOf(JSON.parse(formats[format].line(event)), "", leaves);
  }
  const rows = [...leaves].sort(([one], [other]) => (one < other ? -1 : 1));
  return table(
    ["Field", "For example"],
    rows.map(([path, example]) => [code(path), code(example)]),
  );
}

const exampleOf = (format: "cef" | "leef"): string => {
  const [first] = samples.values();
  return first === undefined
    ? ""
    : `\`\`\`\n${formats[format].line(first).replaceAll("\t", "<TAB>").trimEnd()}\n\`\`\`\n`;
};

export function formatsReference(): string {
  const types = new Map(vectorNames.map((name) => [vectorEntry(name).eventType, vectorEntry(name).scope !== "node"]));
  const severities = Object.entries(severityScales);
  return [
    opening(
      "Formats of events",
      "src/formats",
      "Each is one line an event. In all of them text that a process can choose is one line, bounded, with control and hidden characters written as `\\x1b` or `\\u{202e}` and backslashes doubled; " +
        "CEF and LEEF cut names at 64 characters and paths at 384, so that a line stays below 8 KiB. Only `native` has everything.",
    ),
    table(
      ["Name", "What", "Media type"],
      formatNames.map((name) => [code(name), formats[name].about, code(formats[name].contentType)]),
    ),
    "## Severities",
    "",
    table(
      ["Ours", "syslog", "CEF", "LEEF", "OCSF `severity_id`", "ECS `event.severity`", "Falco"],
      severities.map(([name, { syslog, cef, leef, ocsf, ecs, falco }]) =>
        [name, syslog, cef, leef, `${ocsf.id} ${ocsf.caption}`, ecs, falco].map(String),
      ),
    ),
    "## Kinds",
    "",
    "OCSF: class and activity, with their numbers. An attack without a target that belongs to a class about processes is told as Kernel Activity: Other. ECS: categories and types, to which `denied` or `allowed` is added. Falco: the rule of the same name, where there is one; else the vector's title.",
    "",
    table(
      ["Type", "OCSF", "ECS category", "ECS type", "Falco's rule"],
      [
        ...[...types].map(([type, hasTarget]) => kindRow(type, attackKindOf(type, hasTarget))),
        ...(Object.keys(noticeTypes) as NoticeType[]).map((type) => kindRow(type, noticeKindOf(type))),
      ],
    ),
    "## Outcomes",
    "",
    table(
      [
        "Outcome",
        "OCSF action, disposition, status",
        "ECS `event.outcome`, `event.kind`",
        "CEF `act`, `outcome`",
        "LEEF `cat`",
      ],
      [
        ["`denied`", "2 Denied, 2 Blocked, 2 Failure", "failure, alert", "blocked, failure", "denied"],
        [
          "`killed`, after the fact",
          "1 Allowed, 7 Custom Action, 0 Unknown",
          "unknown, alert",
          "killed, unknown",
          "killed",
        ],
        ["`observed`", "3 Observed, 17 Logged, 1 Success", "success, alert", "observed, success", "observed"],
        ["`allowed`", "1 Allowed, 1 Allowed, 1 Success", "success, event", "allowed, success", "allowed"],
      ],
    ),
    "Names of ATT&CK techniques and tactics are those of version 18.",
    "",
    "## CEF",
    "",
    exampleOf("cef"),
    fieldTable(cefAttackFields),
    "The agent's own events:",
    "",
    fieldTable(cefNoticeFields),
    "## LEEF",
    "",
    "The delimiter is a tab.",
    "",
    exampleOf("leef"),
    fieldTable(leefAttackFields),
    "The agent's own events:",
    "",
    fieldTable(leefNoticeFields),
    ...(["ecs", "ocsf", "falco"] as const).flatMap((format) => [
      `## ${format === "falco" ? "Falco" : format.toUpperCase()}`,
      "",
      pathTable(format, false),
      "The agent's own events:",
      "",
      pathTable(format, true),
    ]),
  ].join("\n");
}
