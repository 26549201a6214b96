// SPDX-License-Identifier: Apache-2.0
// make bench: what the agent costs everybody else, in instructions counted by the emulator, not in time. Prints a table
// against the limits and against the figures committed in test/bench/figures.json; --update writes those anew.
// RESTART=1 measures the agent that systemd starts again, and leaves all other figures as they are.
// Fails when a figure is over its limit, or above the committed one by more than noise.
import { readFileSync, writeFileSync } from "node:fs";
import { doorsText } from "./doors.js";
import { type Figures, judge, operations, scenarios, tableText } from "./figures.js";
import { footprintText, restartText } from "./footprint.js";
import { leaksText } from "./leaks.js";
import { restartUnderSystemd } from "./restart.js";
import { measureKernel } from "./scenarios.js";

const figuresFile = "test/bench/figures.json";
const kernels = (process.env["KERNELS"] ?? "6.12 5.10").split(/\s+/);
const update = process.argv.includes("--update");
const restartAlone = process.env["RESTART"] === "1";

const known = JSON.parse(readFileSync(figuresFile, "utf8")) as Figures;
const fresh: Figures = { ...known };
let over = 0;
let worse = 0;
for (const kernel of kernels) {
  const before = known[kernel];
  if (restartAlone) {
    const systemdMs = await restartUnderSystemd(kernel);
    const [text, tooSlow] = restartText(systemdMs);
    process.stdout.write(`\n${kernel}${text}`);
    over += tooSlow;
    if (before) fresh[kernel] = { ...before, footprint: { ...before.footprint, systemdMs } };
    continue;
  }
  const measured = await measureKernel(kernel);
  process.stdout.write(tableText(kernel, measured, before));
  process.stdout.write(doorsText(measured.doors, measured.spread));
  const [footprint, tooBig] = footprintText(measured.footprint);
  process.stdout.write(footprint);
  const [leaks, tooDear] = leaksText(kernel, measured.leaks);
  process.stdout.write(leaks);
  over += tooBig + tooDear;
  for (const scenario of scenarios) {
    for (const operation of operations) {
      const judged = judge(scenario, operation, measured, before);
      if (judged.over) over++;
      else if (judged.worse) worse++;
    }
  }
  fresh[kernel] = measured;
}
if (update) writeFileSync(figuresFile, `${JSON.stringify(fresh, null, 2)}\n`);
if (over > 0) process.stdout.write(`${over} figures are over their limit\n`);
if (worse > 0) process.stdout.write(`${worse} figures are above what is committed\n`);
if (over + worse === 0) process.stdout.write("every figure is within its limit and no worse than committed\n");
process.exitCode = over > 0 || (worse > 0 && !update) ? 1 : 0;
