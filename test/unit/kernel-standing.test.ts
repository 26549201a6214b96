// SPDX-License-Identifier: Apache-2.0
// Doors that go off and on again, on a kernel that attaches a program only once in its life, as those before 5.13 do.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type DoorName, doorNames, programOf, sleeps } from "../../src/kernel/doors.js";
import type { BpfIterator, BpfLink, BpfMap, BpfObject, Native } from "../../src/kernel/native.js";
import { Standing } from "../../src/kernel/standing.js";

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

class Kernel {
  /** Programs of every copy: how often each door is attached now. */
  readonly attached = new Map<string, number>();
  loads = 0;
  /** Fewest that any door had attached at once, after its first time. */
  gap: string[] = [];

  constructor(readonly once: boolean) {}

  native(): Native {
    const part: Partial<Native> = {
      kernelHasFunction: () => true,
      releaseBtf: () => {},
      openObject: () => this.#object(),
    };
    return part as Native;
  }

  #object(): BpfObject {
    const spent = new Set<string>();
    this.loads++;
    const part: Partial<BpfObject> = {
      programs: () => doorNames.map((door) => ({ name: programOf(door) }) as ReturnType<BpfObject["programs"]>[number]),
      setAutoload: () => {},
      setForm: () => {},
      reuseMap: () => {},
      load: () => {},
      map: () => ({ fd: 3, close: () => {} }) as unknown as BpfMap,
      iterator: () => ({ close: () => {} }) as BpfIterator,
      close: () => {},
      attach: (program) => {
        if (this.once && spent.has(program)) throw Object.assign(new Error("attach"), { code: "ENOENT", errno: 2 });
        spent.add(program);
        this.attached.set(program, (this.attached.get(program) ?? 0) + 1);
        return this.#link(program);
      },
    };
    return part as BpfObject;
  }

  #link(program: string): BpfLink {
    const part: Partial<BpfLink> = {
      close: () => {
        const left = (this.attached.get(program) ?? 0) - 1;
        this.attached.set(program, left);
        if (left === 0) this.gap.push(program);
      },
    };
    return part as BpfLink;
  }

  standing(): Standing {
    const object = { path: import.meta.filename, digest: sha256(readFileSync(import.meta.filename)) };
    return new Standing(this.native(), { object, form: "fmod_ret", reuse: undefined }, undefined);
  }
}

const sleepers = doorNames.filter(sleeps);
const all = (kernel: Kernel): number[] => doorNames.map((door) => kernel.attached.get(programOf(door)) ?? 0);

describe.each([
  ["that attaches a program once", true],
  ["that attaches a program again", false],
])("doors on a kernel %s", (_name, once) => {
  it("stand again after a fall asleep that was broken off, with no gap at those that had not gone", async () => {
    const kernel = new Kernel(once);
    const standing = kernel.standing();
    standing.attach();
    let left = 3;
    await standing.detach(() => left-- > 0);
    const off = sleepers.filter((door) => !standing.attached.includes(door));
    expect(off.length, "some had gone, others not").toBeGreaterThan(0);
    expect(standing.awake).toBe(true);
    kernel.gap = [];
    const fresh: DoorName[] = standing.attach();
    expect(fresh).toEqual(expect.arrayContaining(off));
    expect(all(kernel)).toEqual(doorNames.map(() => 1));
    expect(kernel.gap, "new before old").toEqual([]);
    expect(off.map((door) => standing.failureOf(door))).toEqual(off.map(() => undefined));
    expect(kernel.loads).toBe(once ? 2 : 1);
  });

  it("stand again after a whole sleep", async () => {
    const kernel = new Kernel(once);
    const standing = kernel.standing();
    for (let round = 0; round < 3; round++) {
      standing.attach();
      expect(all(kernel)).toEqual(doorNames.map(() => 1));
      await standing.detach(() => true);
      expect(standing.awake).toBe(false);
    }
  });
});
