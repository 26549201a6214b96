// SPDX-License-Identifier: Apache-2.0
// make torture: attackers at full speed through restarts, upgrades, crashes, faults and a long time, with a table at the end.
// Exit status 1 on any success, or any refusal that was not counted. Options: --rounds, --soak (s, 0: none), --seed, --attempts.
import { parseArgs } from "node:util";
import { faults } from "./faults.js";
import { randomFrom } from "./random.js";
import { courseOf, kinds, round, swapFaults } from "./rounds.js";
import { Siege } from "./siege.js";
import { fullSpeed, soak } from "./soak.js";
import { addRows, faultsOf, tableOf } from "./table.js";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name}: "${text}" is not a whole number`);
  return Number(text);
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "100" },
    soak: { type: "string", default: "1800" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    attempts: { type: "string", default: "1000000" },
    crowd: { type: "string", default: "10000" },
  },
});
const rounds = wholeNumber("rounds", values.rounds);
const wanted = wholeNumber("attempts", values.attempts);
const seed = wholeNumber("seed", values.seed);
const kernel = process.env["KERNEL"] ?? "6.12";

say(`torture on ${kernel}: ${rounds} rounds, seed ${seed}`);
const siege = await Siege.begin({ kernel, memory: "4G", processes: 4, say });
try {
  const course = courseOf(siege, randomFrom(seed));
  for (let n = 0; n < rounds; n++) await round(course, kinds[n % kinds.length] ?? "upgrade");
  const soakSeconds = wholeNumber("soak", values.soak);
  // Before the faults: memory is to be that of ordinary attacks, not of what tens of thousands of offenders leave to be told.
  if (soakSeconds > 0) {
    await soak(siege, fullSpeed(soakSeconds));
    siege.configure({});
    await siege.replaceAgent("TERM");
  }
  const size = { crowd: wholeNumber("crowd", values.crowd), seconds: 5 };
  for (const { name, happen } of faults) await siege.under(name, () => happen(siege, size));
  const quiet = await siege.quietStarts(3);
  say(`\n${tableOf(addRows(siege.rows))}`);
  say(
    `from kill -9 to full service, nobody attacking: ${quiet.map((one) => one.toFixed(2)).join(", ")} s of the guest`,
  );
  const found = [...siege.rows.flatMap(faultsOf), ...swapFaults(course)];
  const attempts = siege.rows.reduce((sum, row) => sum + row.attempts, 0);
  if (attempts < wanted) found.push(`${attempts} attempts, ${wanted} were wanted`);
  for (const fault of found) say(`failed   ${fault}`);
  say(
    found.length === 0
      ? "torture: nobody got through, and every refusal was counted"
      : `torture: ${found.length} faults (seed ${seed})`,
  );
  process.exitCode = found.length === 0 ? 0 : 1;
} finally {
  await siege.end();
}
