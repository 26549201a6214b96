// SPDX-License-Identifier: Apache-2.0
// Half an hour of a node's life, by a clock that counts instructions (make torture has one at full speed): the agent's memory
// stays what it was, and every attempt is refused, counted, and in an event or counted as lost.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Siege } from "../torture/siege.js";
import { ordinaryLife, soak } from "../torture/soak.js";
import { faultsOf } from "../torture/table.js";
import { isWhole } from "./extent.js";

const minutes = isWhole ? 120 : 30;

describe(`${minutes} minutes on 6.12`, () => {
  let siege: Siege;

  beforeAll(async () => {
    const say = (text: string): void => void process.stdout.write(`soak: ${text}\n`);
    siege = await Siege.begin({ kernel: "6.12", memory: "1536M", processes: 2, icount: true, say });
  }, 900_000);

  afterAll(async () => {
    await siege?.end();
  });

  test("memory is flat, every refusal is counted and told, or its loss is", async () => {
    const seconds = minutes * 60;
    await soak(siege, ordinaryLife(seconds));
    const [row] = siege.rows;
    expect(row === undefined ? ["nothing was done"] : faultsOf(row)).toEqual([]);
    // Two processes, of which each rests for a second after each attempt: many fewer would mean that time was lost.
    expect(row?.note).toContain("%");
    expect(row?.refused).toBeGreaterThan(seconds);
    process.stdout.write(`soak: ${row?.note}\n`);
  }, 7_200_000);
});
