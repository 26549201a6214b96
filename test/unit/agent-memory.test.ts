// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { Memory, wholeCollection } from "../../src/agent/memory.js";

test("a whole collection takes what nobody holds, and leaves V8's flags as they were", async () => {
  const collect = wholeCollection();
  let garbage: object | undefined = { big: new Array(1000).fill("x") };
  const gone = new WeakRef(garbage);
  await new Promise((resolve) => setImmediate(resolve));
  garbage = undefined;
  collect();
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(gone.deref()).toBe(garbage);
  expect("gc" in globalThis).toBe(false);
});

test("memory is given back each round, and collected once a minute", () => {
  let at = 0;
  const done: string[] = [];
  const memory = new Memory({
    trim: () => void done.push("trim"),
    collector: () => () => void done.push("collect"),
    now: () => at,
  });
  for (at of [10_000, 59_999, 60_000, 119_999, 120_001]) memory.giveBack();
  expect(done.join()).toBe("trim,trim,collect,trim,trim,collect,trim");
});
