// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { explainVector, vectorNamed } from "../../src/cli/explain.js";
import type { VectorReport } from "../../src/control/protocol.js";
import { vectorEntry, vectorNames } from "../../src/vectors/index.js";

describe("vectors --explain", () => {
  test.each(vectorNames)("%s says what it is, its event, its technique and its evidence", (name) => {
    const entry = vectorEntry(name);
    const text = explainVector(name, undefined).join("\n");
    for (const part of [
      entry.title,
      entry.eventType,
      ...entry.attack.techniques,
      ...entry.compliance,
      ...entry.doors,
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain("no agent runs here");
  });

  test("an unproved door is not passed over", () => {
    const live = {
      mode: "enforce",
      kill: true,
      form: "lsm",
      proved: false,
      reason: "file_open: it never ran",
      soundness: "sound",
      denied: "3",
      observed: "0",
      allowed: "0",
    };
    const text = explainVector("environ_read", live as VectorReport).join("\n");
    expect(text).toContain("NOT PROVED: file_open: it never ran");
    expect(text).toContain("3 denied");
  });

  test("a name that is no vector's is refused with those that are", () => {
    expect(() => vectorNamed("environ")).toThrow(/environ_read/);
  });
});
