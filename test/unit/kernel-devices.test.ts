// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { MachineRoad } from "../../src/kernel/abi.gen.js";
import { findDevices, swapPaths, userDriverMajors } from "../../src/kernel/devices.js";

const header = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority";

describe("swap", () => {
  it("is read from the kernel's list, white space in names included", () => {
    const lines = [
      header,
      "/dev/vda2                               partition\t1048572\t\t0\t\t-2",
      "/srv/my\\040swap\\134file                 file\t\t8188\t\t0\t\t-3",
    ];
    expect(swapPaths(lines.join("\n"))).toEqual(["/dev/vda2", "/srv/my swap\\file"]);
  });

  it("is nothing where nothing swaps", () => {
    expect(swapPaths(header)).toEqual([]);
    expect(swapPaths("")).toEqual([]);
  });
});

describe("drivers in user space", () => {
  const listed = "Character devices:\n  1 mem\n242 uio\n243 vfio\n511 vfio-dev\n\nBlock devices:\n  7 loop\n259 vfio\n";

  it("are known by their major, with every minor", () => {
    expect(userDriverMajors(listed)).toEqual([
      { block: false, dev: 242 * 2 ** 20 + 0xfffff, meaning: MachineRoad.uio },
      { block: false, dev: 243 * 2 ** 20 + 0xfffff, meaning: MachineRoad.vfio },
      { block: false, dev: 511 * 2 ** 20 + 0xfffff, meaning: MachineRoad.vfio },
    ]);
  });

  it("are not taken from the block devices, nor from an empty list", () => {
    expect(userDriverMajors("Block devices:\n259 uio\n")).toEqual([]);
    expect(userDriverMajors("")).toEqual([]);
  });
});

it("finds numbers on the running machine without failing, each that the kernel could hold", () => {
  for (const { dev, meaning } of findDevices()) {
    expect(dev).toBeGreaterThan(0);
    expect(dev).toBeLessThan(2 ** 32);
    expect(meaning).toBeGreaterThan(0);
  }
});
