// SPDX-License-Identifier: Apache-2.0
// Device numbers that no program can know beforehand: block devices that hold active swap (with what lies under them),
// and the majors that drivers of user space got.
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MachineRoad } from "./abi.gen.js";
import type { DeviceEntry } from "./tables.js";

const minorBits = 20;
const everyMinor = (1 << minorBits) - 1;

/** Names in /proc/devices of the drivers that hand devices to processes. */
const userDrivers: Readonly<Record<string, number>> = {
  vfio: MachineRoad.vfio,
  "vfio-dev": MachineRoad.vfio,
  uio: MachineRoad.uio,
};

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** "254:16" as the kernel's own number. */
const kernelNumber = (text: string): number => {
  const [major = 0, minor = 0] = text.split(":").map(Number);
  return ((major << minorBits) | minor) >>> 0;
};

/** Kernel-internal dev_t of a number of stat(2), whose bits are spread otherwise. */
export function deviceNumber(stDev: bigint): number {
  const major = ((stDev >> 8n) & 0xfffn) | ((stDev >> 32n) & ~0xfffn & 0xffffffffn);
  const minor = (stDev & 0xffn) | ((stDev >> 12n) & ~0xffn & 0xffffffffn);
  return Number(((major << 20n) | (minor & 0xfffffn)) & 0xffffffffn);
}

/** Paths of /proc/swaps; the kernel writes white space in them as octal numbers. */
export function swapPaths(swaps: string): string[] {
  return swaps
    .split("\n")
    .slice(1)
    .map((line) => line.split(/\s/)[0] ?? "")
    .filter(Boolean)
    .map((path) =>
      path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))),
    );
}

/** The character majors of /proc/devices that lead to DMA. */
export function userDriverMajors(devices: string): DeviceEntry[] {
  const [characters = ""] = devices.split(/^Block devices:/m);
  return [...characters.matchAll(/^\s*(\d+) (\S+)$/gm)].flatMap(([, major, name]) => {
    const meaning = userDrivers[name ?? ""];
    return meaning === undefined
      ? []
      : [{ block: false, dev: ((Number(major) << minorBits) | everyMinor) >>> 0, meaning }];
  });
}

/** A block device and everything that it lies on: the disk of a partition, the parts of a mapped or mirrored device. */
function withWhatIsUnder(number: string, found: Set<string>): void {
  if (found.has(number)) return;
  let directory: string;
  try {
    directory = realpathSync(`/sys/dev/block/${number}`);
  } catch {
    return; // no block device: tmpfs, btrfs and their like give out numbers of their own
  }
  found.add(number);
  const backing = readText(join(directory, "loop", "backing_file"));
  if (backing !== undefined) addFile(backing, found);
  if (readText(join(directory, "partition")) !== undefined) {
    withWhatIsUnder(readText(join(dirname(directory), "dev")) ?? "", found);
  }
  for (const slave of list(join(directory, "slaves"))) {
    withWhatIsUnder(readText(join("/sys/class/block", basename(slave), "dev")) ?? "", found);
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** The device that a path names, or on which the file of that path lies. */
function addFile(path: string, found: Set<string>): void {
  try {
    const info = statSync(path, { bigint: true });
    const number = deviceNumber(info.isBlockDevice() ? info.rdev : info.dev);
    withWhatIsUnder(`${number >>> minorBits}:${number & everyMinor}`, found);
  } catch {
    // Deleted, or in a mount namespace that is not ours: its number cannot be found out.
  }
}

export function findDevices(): DeviceEntry[] {
  const swap = new Set<string>();
  for (const path of swapPaths(readText("/proc/swaps") ?? "")) addFile(path, swap);
  return [
    ...[...swap].map((number) => ({ block: true, dev: kernelNumber(number), meaning: 1 })),
    ...userDriverMajors(readText("/proc/devices") ?? ""),
  ];
}
