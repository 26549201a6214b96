// SPDX-License-Identifier: Apache-2.0
// In the guest: loads all doors and attaches one at a time, as lines on stdin say ("DOOR", "floor HOOK" for an empty
// program there, or "none"), so that the cost of each can be measured alone. Answers each line with "ready",
// or "absent" for a door that this kernel lacks and does not need. Argument: the form.
import { createInterface } from "node:readline";
import { doorNames, programOf } from "../../src/kernel/doors.js";
import { loadDoors } from "../../src/kernel/load.js";
import { loadNative } from "../../src/kernel/load-native.js";
import type { BpfLink } from "../../src/kernel/native.js";
import { objectPath } from "../../src/kernel/paths.js";

const native = loadNative();
const form = process.argv[2] === "fmod_ret" ? "fmod_ret" : "lsm";
const { object, failed, absent } = loadDoors(native, { object: objectPath(), form, reuse: undefined });
const floor = native.openObject("/tmp/floor.bpf.o");
for (const { name } of floor.programs()) {
  if (form === "fmod_ret") floor.setForm(name, form, name.replace(/^floor_/, ""));
}
floor.load();
let link: BpfLink | undefined;

/** A door, an empty program, or nothing. */
function attach(what: string): BpfLink | undefined {
  if (what.startsWith("floor ")) return floor.attach(what.replace("floor ", "floor_"));
  const door = doorNames.find((name) => name === what);
  if (door !== undefined && failed.has(door)) throw new Error(`${door}: ${failed.get(door)?.reason}`);
  return door === undefined ? undefined : object.attach(programOf(door));
}

for await (const line of createInterface({ input: process.stdin })) {
  link?.close();
  link = undefined;
  const isAbsent = [...absent].some((door) => door === line);
  if (!isAbsent) link = attach(line);
  process.stdout.write(isAbsent ? "absent\n" : "ready\n");
}
object.close();
floor.close();
