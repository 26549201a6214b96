// SPDX-License-Identifier: Apache-2.0
// Whatever text an attacker chooses: one line, the same fields as ever, and each field that text and nothing else.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable } from "../../src/errors/index.js";
import { isNotice } from "../../src/formats/any.js";
import { lengths } from "../../src/formats/fields.js";
import { type AnyEvent, type CloudtaserEvent, formatNames, type NoticeEvent } from "../../src/formats/index.js";
import { formats } from "../../src/formats/registry.js";
import { type Parsed, parseCef, parseLeef, unprintable } from "./formats-parsers.js";
import { samples } from "./formats-samples.js";

function sampleOf(name: string): AnyEvent {
  const event = samples.get(name);
  if (event === undefined) throw new Error(`no sample ${name}`);
  return event;
}

const attack = sampleOf("procmem_read") as CloudtaserEvent;
const notice = sampleOf("GUARD_UNPROVED") as NoticeEvent;

/** Every string that somebody outside can choose, at the length that the pipeline allows. */
function attackWith(text: string, shown: (length: number) => string): CloudtaserEvent {
  const { offender, target } = attack;
  if (target === null) throw new Error("the sample has no target");
  const who = { user: shown(64), comm: shown(16), cgroup: { id: "1", path: shown(512) } };
  return {
    ...attack,
    node: shown(253),
    offender: {
      ...offender,
      ...who,
      exe: { ...offender.exe, path: shown(512) },
      parent: [
        { pid: offender.ppid, comm: shown(16), exe: shown(512) },
        { pid: 1, comm: shown(16), exe: shown(512) },
      ],
    },
    target: { ...target, ...who, exe: { ...target.exe, path: shown(512) }, workload: shown(64) },
    detail: { ...attack.detail, file: text === "" ? "-" : shown(64) },
  };
}

const noticeWith = (shown: (length: number) => string): NoticeEvent => ({
  ...notice,
  node: shown(253),
  detail: { reason: shown(200) },
});

const characters = fc.oneof(
  fc.string({ unit: "binary", maxLength: 600 }),
  // What means something to one format or another, and little else.
  fc.string({
    unit: fc.constantFrom(
      ..."\\|=^\t\n\r \"'{}[]<:,…",
      "\u2028",
      "\u0085",
      "\u202e",
      "\ud800",
      "x09",
      " spid=1",
      "CEF:0|",
      "\u{1f600}",
    ),
  }),
);

const parsers = { cef: parseCef, leef: parseLeef } as const;

/** What the parsed line holds of one attack, by field. */
const named = {
  cef: { comm: ["sproc", "dproc"], user: ["suser", "duser"], exe: ["cs2"], file: ["fname"], workload: ["cs1"] },
  leef: {
    comm: ["srcProcess", "dstProcess"],
    user: ["usrName"],
    exe: ["srcExecutable", "dstExecutable"],
    file: ["object"],
    workload: ["resource"],
  },
} as const;

const limits = { comm: 16, user: 64, exe: 512, file: 64, workload: 64 } as const;

const keysOf = ({ fields }: Parsed) => [...fields.keys()];

describe.each(["cef", "leef"] as const)("%s", (format) => {
  const parse = parsers[format];
  const line = (event: AnyEvent) => formats[format].line(event);

  it("carries each name through the pipeline and back, unless it was cut", () => {
    fc.assert(
      fc.property(characters, (text) => {
        const parsed = parse(line(attackWith(text, (length) => printable(text, length))));
        for (const [what, keys] of Object.entries(named[format]) as [keyof typeof limits, readonly string[]][]) {
          for (const key of keys) {
            const value = parsed.fields.get(key);
            const shown = printable(text === "" && what === "file" ? "-" : text, limits[what]);
            const kept = what === "exe" ? lengths.path : lengths.name;
            if (shown.length > kept) expect(value, key).toMatch(/…$/);
            else expect(value, key).toBe(shown);
            // Not cut on its way: the very text can be had back.
            if (shown.length <= kept && text.length <= limits[what] && text !== "") {
              expect(unprintable(value ?? ""), key).toBe(text);
            }
          }
        }
      }),
    );
  });

  it("has the fields of any other event, with raw text too", () => {
    const usual = parse(line(attack));
    const usualNotice = parse(line(notice));
    fc.assert(
      fc.property(characters, (text) => {
        const parsed = parse(line(attackWith(text, () => text)));
        expect(keysOf(parsed)).toEqual(keysOf(usual));
        expect(parsed.header).toEqual(usual.header);
        for (const key of format === "cef"
          ? ["spid", "dpid", "cn1", "act", "rt"]
          : ["srcPid", "dstPid", "sev", "action"])
          expect(parsed.fields.get(key)).toBe(usual.fields.get(key));
        expect(keysOf(parse(line(noticeWith(() => text))))).toEqual(keysOf(usualNotice));
      }),
    );
  });

  it("keeps an event's header in place when type and vector are those of a stranger", () => {
    fc.assert(
      fc.property(characters, (text) => {
        const { header } = parse(line({ ...attack, type: text, vector: text }));
        expect(header.slice(0, 3)).toEqual(["CloudTaser", "cloudtaser", "0.1.0"]);
      }),
    );
  });

  it.each(["字", "\\", "=", "|", "\u{1f600}", "\n", "\u202e"])(
    "stays below 8 KiB when every name is of %j",
    (character) => {
      const longest = character.repeat(6000);
      expect(Buffer.byteLength(line(attackWith(longest, () => longest)))).toBeLessThan(8192);
      expect(Buffer.byteLength(line(noticeWith(() => longest)))).toBeLessThan(8192);
    },
  );

  it("does not let a name add a part to the list of arguments or of parents", () => {
    const text = ", openedTid=0 < 1:init";
    const parsed = parse(line(attackWith(text, () => text)));
    const list = parsed.fields.get(format === "cef" ? "msg" : "detail") ?? "";
    expect(list.split(", ")).toEqual(["openFlags=0x12", "openedTid=19"]);
    const detail = { secret: "api-key", sink: "file", name: ", secret=other, sink=none" };
    const leak = parse(line({ ...attackWith(text, () => text), vector: "leak_write", detail }));
    expect(leak.fields.get(format === "cef" ? "msg" : "detail")).toBe("secret=api-key, sink=file");
    expect(leak.fields.get(format === "cef" ? "fname" : "object")).toBe(detail.name);
    const parents = parsed.fields.get(format === "cef" ? "cs6" : "srcParents") ?? "";
    expect(parents.split(" < ")).toHaveLength(2);
  });
});

const json = ["native", "ecs", "ocsf", "falco"] as const;

/** Every key and every value's type, whatever the texts. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

describe.each(json)("%s", (format) => {
  it("is one object of the shape of any other event, and holds the text unchanged", () => {
    const twoParents = (text: string) => attackWith("x", () => text);
    const usual = shapeOf(JSON.parse(formats[format].line(twoParents("x"))));
    fc.assert(
      fc.property(characters, (text) => {
        const object = JSON.parse(formats[format].line(twoParents(text)));
        expect(shapeOf(object)).toEqual(usual);
        expect(textsOf(object)).toContain(text);
      }),
    );
  });

  it("stays an object of known keys when a key of detail is a stranger's", () => {
    const keys = Object.keys(JSON.parse(formats[format].line(attack)));
    fc.assert(
      fc.property(fc.oneof(characters, fc.constant("__proto__")), (text) => {
        const object = JSON.parse(formats[format].line({ ...attack, detail: Object.fromEntries([[text, text]]) }));
        expect(Object.keys(object)).toEqual(keys);
      }),
    );
  });
});

describe("every format", () => {
  it.each(formatNames)("%s makes one line, by whatever rule somebody splits", (format) => {
    fc.assert(
      fc.property(characters, (chosen) => {
        for (const event of [attackWith(chosen, () => chosen), noticeWith(() => chosen)]) {
          const line = formats[format].line(event);
          expect(line.endsWith("\n")).toBe(true);
          // LEEF's delimiter is a tab.
          const text = line.slice(0, -1).replaceAll("\t", format === "leef" ? "" : "\t");
          expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        }
      }),
    );
  });

  const attacks = [...samples].flatMap(([name, event]) => (isNotice(event) ? [] : [{ name, event }]));

  it.each(attacks)("says of $name who it was", ({ event }) => {
    for (const format of formatNames) expect(formats[format].line(event)).toContain(String(event.offender.pid));
  });
});
