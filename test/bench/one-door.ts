// SPDX-License-Identifier: Apache-2.0
// In the guest: loads all doors and attaches one at a time, as lines on stdin say ("DOOR", or "none"), so that the cost
// of each can be measured alone. Answers each line with "ready". Argument: the form.
import { createInterface } from "node:readline";
import { doorNames, type Form, programOf } from "../../src/kernel/doors.js";
import { loadDoors } from "../../src/kernel/load.js";
import { loadNative } from "../../src/kernel/load-native.js";
import type { BpfLink } from "../../src/kernel/native.js";
import { objectPath } from "../../src/kernel/paths.js";

const form: Form = process.argv[2] === "fmod_ret" ? "fmod_ret" : "lsm";
const { object, failed } = loadDoors(loadNative(), { object: objectPath(), form, reuse: undefined });
let link: BpfLink | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  link?.close();
  const door = doorNames.find((name) => name === line);
  if (door !== undefined && failed.has(door)) throw new Error(`${door}: ${failed.get(door)?.reason}`);
  link = door === undefined ? undefined : object.attach(programOf(door));
  process.stdout.write("ready\n");
}
object.close();
