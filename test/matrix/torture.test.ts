// SPDX-License-Identifier: Apache-2.0
// The bounded siege (make torture is the long one, SEED=n repeats one): attackers at full speed through restarts, an upgrade, crashes and faults.
// Not one attempt succeeds, and the kernel counts each refusal.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faults } from "../torture/faults.js";
import { randomFrom } from "../torture/random.js";
import { courseOf, kinds, round, swapFaults } from "../torture/rounds.js";
import { Siege } from "../torture/siege.js";
import { fullSpeed, soak } from "../torture/soak.js";
import { faultsOf, type Row } from "../torture/table.js";
import { isWhole } from "./extent.js";

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const say = (text: string): void => void process.stdout.write(`torture: ${text}\n`);
/** What takes few starts. */
const brief: readonly string[] = [
  "crash in an upgrade",
  "agent stopped (SIGSTOP)",
  "control group frozen",
  "processor unplugged",
  "clock set",
  "guest suspended",
];
const size = { crowd: 2000, seconds: 2 };

/** It takes minutes and 4 GB. */
const byHand: readonly string[] = ["fork bomb"];

/** The one refuses by hooks of its own, the other in place of a function's answer: ways apart in the kernel. */
const kernels = isWhole ? ["6.12", "5.10"] : ["6.12"];

describe.each(kernels)(`siege on %s, seed ${seed}`, (kernel) => {
  let siege: Siege;
  let course: ReturnType<typeof courseOf>;

  beforeAll(async () => {
    siege = await Siege.begin({ kernel, memory: "1536M", processes: isWhole ? 4 : 2, say });
    course = courseOf(siege, randomFrom(seed));
  }, 900_000);

  afterAll(async () => {
    await siege?.end();
  });

  /** The rows that this made are without fault. */
  async function holds(action: () => Promise<void>): Promise<Row[]> {
    const before = siege.rows.length;
    await action();
    const rows = siege.rows.slice(before);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.flatMap(faultsOf).join("; ")).toBe("");
    return rows;
  }

  // Each start takes a minute under attack: make test-all has the other rounds and faults, make torture many of them.
  for (const kind of kinds.filter((one) => isWhole || brief.includes(one))) {
    test(`nobody gets through, every refusal is counted: ${kind}`, async () => {
      const [row] = await holds(() => round(course, kind));
      expect(row?.seconds.length).toBe(1);
      expect(swapFaults(course)).toEqual([]);
    }, 900_000);
  }

  for (const { name, happen } of faults.filter((one) =>
    isWhole ? !byHand.includes(one.name) : brief.includes(one.name),
  )) {
    test(`nobody gets through, every refusal is counted: ${name}`, async () => {
      await holds(async () => void (await siege.under(name, () => happen(siege, size))));
    }, 900_000);
  }

  test("what events tell of and what was lost is what was refused", async () => {
    // Of memory ten seconds say nothing: see soak.test.ts.
    await holds(() => soak(siege, fullSpeed(isWhole ? 600 : 10)));
  }, 3_600_000);
});
