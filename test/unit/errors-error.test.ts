// SPDX-License-Identifier: Apache-2.0
// The error table is whole, and every error says what, where, why and what to do, on printable lines.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CloudtaserError,
  errorTable,
  errorToJson,
  exitCodeOf,
  printable,
  renderError,
} from "../../src/errors/index.js";

const entries = Object.entries(errorTable);

describe("errorTable", () => {
  it.each(entries)("%s names its target, offers a way out and fails", (code, entry) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/);
    expect(entry.message).toContain("{target}");
    expect(entry.help).toMatch(/^(?:[A-Z]|cloudtaser ).{20,}\.$/);
    expect(entry.exitCode).toBeGreaterThan(0);
  });
});

describe("CloudtaserError", () => {
  it("fills message and help, and keeps the cause", () => {
    const cause = new Error("because");
    const error = new CloudtaserError("PID_IS_THREAD", { target: "812", fields: { tgid: 800 }, cause });
    expect(error.message).toBe("812 is a thread of process 800, not a process");
    expect(error.help).toContain("Protect process 800");
    expect(error.cause).toBe(cause);
    expect(exitCodeOf(error)).toBe(2);
  });

  it("does not treat a target as a template", () => {
    const error = new CloudtaserError("NOT_ROOT", { target: "{uid}", fields: { uid: 7 } });
    expect(error.message).toBe("{uid} needs root, and this is user 7");
  });

  it("takes the verifier log from its cause, and shows only the end to people", () => {
    const log = Array.from({ length: 300 }, (_, index) => `line ${index}`).join("\n");
    const cause = Object.assign(new Error("load failed"), { code: "EACCES", log });
    const error = new CloudtaserError("LOAD_REFUSED", { target: "file_open", fields: { reason: "EACCES" }, cause });
    const text = renderError(error);
    expect(text).toContain("line 299");
    expect(text).not.toContain("line 250\n");
    expect(text).toContain("280 earlier lines left out");
    expect(text).toContain("cause: EACCES: load failed");
    expect(errorToJson(error).log).toHaveLength(201);
  });

  it("renders without control characters whatever the target is called", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (target, reason) => {
        const error = new CloudtaserError("CONFIG_UNREADABLE", { target, fields: { reason } });
        expect(renderError(error).replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(renderError(error).split("\n")).toHaveLength(3);
      }),
    );
  });

  it("wraps what is not ours, and survives a cause that points at itself", () => {
    const loop = new Error("loop");
    loop.cause = loop;
    const json = errorToJson(loop);
    expect(json.code).toBe("INTERNAL");
    expect(json.causes.length).toBeLessThanOrEqual(4);
    expect(errorToJson("just a string").message).toContain("just a string");
  });

  it("colours only when asked to", () => {
    const error = new CloudtaserError("PID_MISSING", { target: "1" });
    expect(renderError(error)).not.toContain("\u001b[");
    expect(renderError(error, { color: true })).toContain("\u001b[31merror:");
  });
});

describe("printable", () => {
  it("can be told apart from text that looks escaped", () => {
    expect(printable("\u001b[2J")).toBe("\\x1b[2J");
    expect(printable("\\x1b[2J")).toBe("\\\\x1b[2J");
    expect(printable("a\u202eb\ud800")).toBe("a\\u{202e}b\\u{d800}");
    expect(printable("grüße 🦊")).toBe("grüße 🦊");
  });

  it("is bounded", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.integer({ min: 0, max: 50 }), (text, max) => {
        expect(printable(text, max).length).toBeLessThanOrEqual(max * 9 + 1);
      }),
    );
  });
});
