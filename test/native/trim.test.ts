// SPDX-License-Identifier: Apache-2.0
// Memory that was freed goes back to the kernel, also from between what is in use. Not with sanitizers: their allocator
// has nothing of this.
import { expect, it } from "vitest";
import { wholeCollection } from "../../src/agent/memory.js";
import { native } from "./support.js";

it("trim gives back what glibc keeps", () => {
  const collect = wholeCollection();
  const all = Array.from({ length: 2000 }, () => Buffer.allocUnsafeSlow(32 << 10).fill(1));
  const used = all.filter((_, n) => n % 50 === 0);
  all.length = 0;
  collect();
  const before = process.memoryUsage.rss();
  native.trim();
  // Of 62 MiB; some of it may have gone back by itself. Without the call nothing does.
  expect(before - process.memoryUsage.rss()).toBeGreaterThan(8 << 20);
  expect(used.every((buffer) => buffer.at(-1) === 1)).toBe(true);
});
