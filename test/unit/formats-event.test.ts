// SPDX-License-Identifier: Apache-2.0
// Native and human formats: one line whatever the strings hold.

import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatHuman } from "../../src/formats/human.js";
import {
  type AnyEvent,
  type CloudtaserEvent,
  describeEvent,
  eventSchema,
  formatNative,
  nativeText,
  shared,
  wantsColor,
} from "../../src/formats/index.js";

const someone = {
  pid: 4242,
  tid: 4243,
  ppid: 1,
  startTime: "2026-01-02T03:04:05.000000000Z",
  startBoottimeNs: "123456789",
  uid: 0,
  comm: "gdb",
  exe: { path: "/usr/bin/gdb", dev: "8:1", inode: "18446744073709551615" },
  cgroup: { id: "77" },
};

const event: CloudtaserEvent = {
  schema: "cloudtaser.event/v1",
  id: "019334d0-9c00-7000-8000-000000000000",
  seq: 1,
  prev: "0".repeat(64),
  time: "2026-01-02T03:04:05.123456789Z",
  node: "n1",
  type: "PTRACE_DENIED",
  vector: "ptrace_attach",
  severity: "critical",
  mode: "enforce",
  outcome: "denied",
  killed: false,
  leakWindow: false,
  count: 1,
  offender: { ...someone, parent: [] },
  target: { ...someone, pid: 99, comm: "payments", group: 1, workload: "payments" },
  syscall: { number: 101, name: "ptrace", compat: false },
  error: "EPERM",
  door: "ptrace_access_check",
  detail: { accessMode: "0x12" },
};

const hostile = fc.string({ unit: "binary" });

function withText(text: string): CloudtaserEvent {
  return {
    ...event,
    node: text,
    offender: { ...event.offender, comm: text, exe: { ...event.offender.exe, path: text } },
    detail: { [text]: text },
  };
}

describe("formatNative", () => {
  it("is exactly one line of JSON that means the same", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = formatNative(withText(text));
        expect(line.split(/[\p{Cc}\p{Zl}\p{Zp}]/u)).toHaveLength(2);
        expect(line.endsWith("\n")).toBe(true);
        expect(line).not.toMatch(/[^\P{Cc}\n]/u);
        expect(JSON.parse(line)).toEqual(withText(text));
      }),
    );
  });
});

describe("nativeText", () => {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const byJson = (value: unknown): string => JSON.stringify(value).replace(/[\x7f-\x9f\u2028\u2029]/g, escaped);
  const anything = fc.oneof(
    hostile,
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.jsonValue({ stringUnit: "binary" }),
  );

  it("is what JSON.stringify makes of anything, but for what some readers take for the end of a line", () => {
    fc.assert(
      fc.property(fc.dictionary(hostile, anything), fc.dictionary(hostile, anything), (one, part) => {
        const made = { ...one, part: shared({ ...part }), again: { ...part } } as unknown as AnyEvent;
        expect(nativeText(made)).toBe(byJson(made));
        expect(nativeText(one as unknown as AnyEvent)).toBe(byJson(one));
      }),
    );
  });

  it("tells nothing of a part that it has not: a copy with a change is told with the change", () => {
    const part = shared({ comm: "gdb", parent: [{ pid: 1 }] });
    expect(() => Object.assign(part, { comm: "sh" })).toThrow(TypeError);
    expect(() => Object.assign(part.parent[0] ?? {}, { pid: 2 })).toThrow(TypeError);
    const changed = { a: part, b: { ...part, comm: "sh" }, c: { ...part, uid: 0 } };
    expect(nativeText(changed as unknown as AnyEvent)).toBe(JSON.stringify(changed));
  });
});

describe("formatHuman", () => {
  it("tells who did what to whom and how it ended", () => {
    expect(formatHuman(event)).toBe(
      "2026-01-02T03:04:05.123Z critical denied   PTRACE_DENIED Debugger attach: gdb[4242] uid 0 /usr/bin/gdb → payments[99] of payments (accessMode=0x12)",
    );
    expect(formatHuman({ ...event, target: null, killed: true, count: 7 })).toMatch(/denied\+killed .*×7$/);
  });

  it("is one line without control characters, coloured or not", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(formatHuman(withText(text))).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        const colored = formatHuman(withText(text), { color: true });
        expect(stripVTControlCharacters(colored)).toBe(formatHuman(withText(text)));
      }),
    );
  });
});

describe("eventSchema", () => {
  it("accepts the event and refuses a key it does not know", () => {
    expect(eventSchema().parse(event)).toEqual(event);
    expect(eventSchema().safeParse({ ...event, secret: 1 }).success).toBe(false);
    expect(describeEvent()).toMatchObject({ type: "object", additionalProperties: false });
  });
});

describe("wantsColor", () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [undefined, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
  ])("tty %s with %j: %s", (isTTY, env, expected) => expect(wantsColor({ isTTY }, env)).toBe(expected));
});
