// SPDX-License-Identifier: Apache-2.0
// The siege's judgement: it must fail on a success, on a refusal that was not counted, and where nobody attacked.
import { describe, expect, test } from "vitest";
import { randomFrom } from "../torture/random.js";
import { addRows, faultsOf, type Row, tableOf } from "../torture/table.js";

const good: Row = {
  fault: "upgrade",
  rounds: 1,
  attempts: 10,
  refused: 10,
  successes: 0,
  other: 0,
  counted: 10,
  seconds: [2.5],
  note: "",
  faults: [],
};

describe("table of a siege", () => {
  test("a row without fault is one in which all was refused and counted", () => {
    expect(faultsOf(good)).toEqual([]);
    expect(faultsOf({ ...good, refused: 9, counted: 9, successes: 1 })).toEqual(["upgrade: 1 attempts succeeded"]);
    expect(faultsOf({ ...good, counted: 9 })).toEqual(["upgrade: 10 were refused, and the kernel counted 9"]);
    expect(faultsOf({ ...good, other: 1 })).toEqual(["upgrade: 1 attempts ended in another way"]);
    expect(faultsOf({ ...good, attempts: 0, refused: 0, counted: 0 })).toEqual(["upgrade: nobody attacked"]);
    expect(faultsOf({ ...good, faults: ["the neighbour"] })).toEqual(["upgrade: the neighbour"]);
    expect(faultsOf({ ...good, counted: Number.NaN })).toHaveLength(1);
  });

  test("rounds of a kind are one row, and a last one has the sums", () => {
    const rows = addRows([
      { ...good, note: "1 of 1" },
      { ...good, seconds: [4] },
      { ...good, fault: "crash" },
    ]);
    expect(
      addRows([
        { ...good, note: "1 of 1" },
        { ...good, note: "1 of 2" },
      ])[0]?.note,
    ).toBe("1 of 2");
    expect(rows).toMatchObject([
      { fault: "upgrade", rounds: 2, attempts: 20, seconds: [2.5, 4], note: "1 of 1" },
      { fault: "crash", rounds: 1 },
    ]);
    const lines = tableOf(rows).split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^upgrade +2 +20 +20 +0 +0 +20 +4\.0 \(at most 4\.0\) +1 of 1$/);
    expect(lines[3]).toMatch(/^all +3 +30 +30 +0 +0 +30$/);
  });

  test("a seed gives the same numbers again", () => {
    const [one, same, other] = [randomFrom(7), randomFrom(7), randomFrom(8)];
    const numbers = Array.from({ length: 100 }, () => one());
    expect(Array.from({ length: 100 }, () => same())).toEqual(numbers);
    expect(other()).not.toBe(numbers[0]);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    expect(Math.min(...numbers)).toBeLessThan(0.1);
    expect(Math.max(...numbers)).toBeGreaterThan(0.9);
  });
});
