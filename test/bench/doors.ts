// SPDX-License-Identifier: Apache-2.0
// What each door costs alone, by attaching one at a time, and which operation it costs that.
import { doorNames } from "../../src/kernel/doors.js";
import type { GuestCommand } from "../lab/command.js";
import type { Guest } from "../lab/guest.js";
import { type Counts, noiseOf, operations } from "./figures.js";

/** The program that attaches lies beside the product's own code, which it imports. */
const oneDoor = "/tmp/dist/test/bench/one-door.js";

/** Hooks that everybody passes, at which an empty program shows the floor. */
const floors = ["file_open", "file_permission", "socket_sendmsg"].map((hook) => `floor ${hook}`);

/** Rounds are short here: this is who spends it, not whether it is within the limit. */
const measure = "setarch --addr-no-randomize /tmp/operations 30";

/** The answer to the line with this number, from 1. */
async function answer(command: GuestCommand, count: number): Promise<string> {
  const deadline = Date.now() + 120_000;
  while (command.stdout.split("\n").length <= count) {
    if (Date.now() > deadline) throw new Error(`one-door did not answer: ${command.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return command.stdout.split("\n")[count - 1] ?? "";
}

/** Must be run with no agent: nothing is protected, so this is the way of an unprotected caller. */
export async function measureDoors(guest: Guest, form: string): Promise<Record<string, Counts>> {
  await guest.run("mkdir -p /tmp/dist/test/bench && cp -a /opt/cloudtaser/. /tmp/ 2>/dev/null; true", {
    timeoutSeconds: 900,
  });
  // The command is installed as a bundle, without the modules that it is made of.
  await guest.copy("dist/src", "/tmp/dist/src");
  await guest.copy("dist/test/bench/one-door.js", oneDoor);
  const command = guest.spawn(["node", oneDoor, form]);
  const results: Record<string, Counts> = {};
  let answers = 0;
  for (const door of ["none", ...floors, ...doorNames]) {
    command.write(`${door}\n`);
    if ((await answer(command, ++answers)) === "absent") continue;
    const { status, stdout, stderr } = await guest.run(measure, { timeoutSeconds: 600 });
    if (status !== 0) throw new Error(`the measuring program failed: ${stderr}`);
    results[door] = JSON.parse(stdout) as Counts;
  }
  command.kill("SIGTERM");
  await command.done.catch(() => {});
  const none = results["none"] ?? {};
  delete results["none"];
  for (const counts of Object.values(results)) {
    for (const operation of operations) counts[operation] = (counts[operation] ?? 0) - (none[operation] ?? 0);
  }
  return results;
}

/** Doors that cost nothing beyond the noise of counting share one line. */
export function doorsText(doors: Record<string, Counts>, spread: Counts): string {
  const width = 27;
  const lines = ["\nEach door alone, added for an unprotected caller (floor: an empty program at that hook)"];
  lines.push(
    "".padEnd(width) + operations.map((name) => name.replace("open+close /proc", "open /proc").padStart(17)).join(""),
  );
  const free: string[] = [];
  const isSpent = (n: number, i: number): boolean => n > noiseOf(operations[i] ?? "", spread);
  for (const [door, counts] of Object.entries(doors)) {
    const spends = operations.map((operation) => counts[operation] ?? 0);
    const costs = spends.some((n, i) => isSpent(n, i));
    if (!costs) free.push(door);
    else lines.push(door.padEnd(width) + spends.map((n, i) => (isSpent(n, i) ? `+${n}` : "·").padStart(17)).join(""));
  }
  if (free.length > 0) lines.push(`nothing above noise: ${free.join(", ")}`);
  return `${lines.join("\n")}\n`;
}
