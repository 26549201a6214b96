// SPDX-License-Identifier: Apache-2.0
// The log stays one JSON object a line, and hostile data stays inside "data".

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CloudtaserError } from "../../src/errors/index.js";
import { createLog } from "../../src/log/index.js";

function capture(level = "info") {
  const lines: string[] = [];
  return { lines, log: createLog({ level, write: (line) => lines.push(line) }) };
}

describe("createLog", () => {
  it("keeps hostile keys and values from changing the line", () => {
    const json = fc.dictionary(
      fc.oneof(fc.constantFrom("level", "msg", "time", "__proto__"), fc.string()),
      fc.anything(),
    );
    fc.assert(
      fc.property(json, (data) => {
        const { lines, log } = capture();
        log.warn("static", data);
        expect(lines).toHaveLength(1);
        expect(lines[0]?.match(/[\n\u2028\u0085]/g)).toEqual(["\n"]);
        const parsed = JSON.parse(lines[0] ?? "");
        expect(parsed).toMatchObject({ level: "warn", msg: "static" });
        expect(Object.keys(parsed).every((key) => ["level", "time", "msg", "data"].includes(key))).toBe(true);
      }),
    );
  });

  it("carries code, help and cause of an error", () => {
    const { lines, log } = capture();
    log.error("start failed", { error: new CloudtaserError("NO_BTF", { target: "/sys/kernel/btf/vmlinux" }) });
    expect(JSON.parse(lines[0] ?? "").data.error).toMatchObject({
      code: "NO_BTF",
      help: expect.stringContaining("BTF"),
    });
  });

  it("obeys the level, also in children made before it changed", () => {
    const { lines, log } = capture();
    const child = log.child("kernel");
    child.debug("unseen");
    log.setLevel("debug");
    child.debug("seen", { id: 2n ** 60n });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ room: "kernel", data: { id: "1152921504606846976" } });
  });
});
