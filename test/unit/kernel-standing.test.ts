// SPDX-License-Identifier: Apache-2.0
// Doors that go off and on again, on a kernel that attaches a program only once in its life, as those before 5.13 do.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type DoorName, doorNames, programOf, sleeps } from "../../src/kernel/doors.js";
import type { BpfIterator, BpfLink, BpfMap, BpfObject, LoadedProgramInfo, Native } from "../../src/kernel/native.js";
import type { Pins } from "../../src/kernel/pins.js";
import { Standing } from "../../src/kernel/standing.js";

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

class Kernel {
  /** Programs of every copy: how often each door is attached now. */
  readonly attached = new Map<string, number>();
  loads = 0;
  /** Fewest that any door had attached at once, after its first time. */
  gap: string[] = [];
  /** Programs at whose hooks there is no place. */
  readonly full = new Set<string>();
  /** Links of others at a function. */
  others: (place: string) => number[] = () => [];
  closed: number[] = [];

  constructor(readonly once: boolean) {}

  native(): Native {
    const part: Partial<Native> = {
      kernelHasFunction: () => true,
      releaseBtf: () => {},
      openObject: () => this.#object(),
      linksAt: (place) => this.others(place),
      openMap: () => ({ info: () => ({ id: 5 }), close: () => {} }) as unknown as BpfMap,
      // What lies in doors-9 is nobody's door: it uses another map.
      openLink: (path) => {
        const planted = path.startsWith("doors-9");
        const info = () => ({ id: planted ? 99 : 77, programId: planted ? 9 : 7 });
        return { info, close: () => void this.closed.push(info().id) } as unknown as BpfLink;
      },
      loadedProgram: (id) => ({ mapIds: id === 7 ? [4, 5] : [6] }) as LoadedProgramInfo,
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
        if (this.full.has(program)) throw Object.assign(new Error("attach"), { code: "E2BIG", errno: 7 });
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

  standing(form: "lsm" | "fmod_ret" = "fmod_ret", pins?: Pins): Standing {
    const object = { path: import.meta.filename, digest: sha256(readFileSync(import.meta.filename)) };
    return new Standing(this.native(), { object, form, reuse: undefined }, pins);
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

describe("a hook that others have filled", () => {
  const full = (form?: "lsm", pins?: Pins) => {
    const kernel = new Kernel(false);
    kernel.full.add("ct_bpf");
    return { kernel, standing: kernel.standing(form, pins) };
  };

  it("is named, with how many are there and what to do, and the other doors stand", () => {
    const { kernel, standing } = full("lsm");
    kernel.others = (place) => (place === "bpf_lsm_bpf" ? Array.from({ length: 38 }, (_, id) => id + 1) : []);
    standing.attach();
    expect(standing.crowded).toBe(true);
    expect(standing.attached).toEqual(doorNames.filter((door) => door !== "bpf"));
    const reason = standing.failureOf("bpf")?.reason;
    expect(reason).toMatch(
      /^cannot attach: the hook is full: 38 programs of others are attached to bpf_lsm_bpf\. .*bpftool/,
    );
    expect(reason, "nobody stood there before").not.toContain("agent before");
  });

  it("is told without a number where the kernel has none, by the function of its form", () => {
    const { kernel, standing } = full();
    kernel.others = (place) => {
      throw new Error(`asked for ${place}`);
    };
    standing.attach();
    expect(standing.failureOf("bpf")?.reason).toMatch(/as many programs of others as .* to security_bpf\./);
  });

  it("gets its door as soon as there is a place", () => {
    const { kernel, standing } = full();
    standing.attach();
    kernel.full.clear();
    expect(standing.attach()).toEqual(["bpf"]);
    expect([standing.crowded, standing.failureOf("bpf")]).toEqual([false, undefined]);
  });

  it.each([true, false])("gets its door too if that has slept meanwhile (programs attach once: %s)", async (once) => {
    const kernel = new Kernel(once);
    const standing = kernel.standing();
    const [sleeper = "file_open"] = doorNames.filter(sleeps);
    standing.attach();
    await standing.detach(() => true);
    kernel.full.add(programOf(sleeper));
    standing.attach();
    expect(standing.failureOf(sleeper)?.reason).toContain("the hook is full");
    kernel.full.clear();
    expect(standing.attach()).toEqual([sleeper]);
    expect([standing.attached.includes(sleeper), standing.failureOf(sleeper)]).toEqual([true, undefined]);
  });

  it("keeps what the agent before has there, until this one can attach", () => {
    const added: string[][] = [];
    const pins = {
      generations: () => ["doors-1"],
      nextGeneration: () => "doors-2",
      doorsThatStand: (door: string) => (door === "bpf" ? ["doors-9/bpf", "doors-1/bpf"] : []),
      door: (generation: string, door: string) => `${generation}/${door}`,
      map: (name: string) => name,
      census: () => "census",
      add: ({ links }: { links: ReadonlyMap<DoorName, BpfLink> }) => void added.push([...links.keys()]),
      keepOnly: () => {},
    };
    const { kernel, standing } = full("lsm", pins as unknown as Pins);
    kernel.others = () => [77, 1, 2, 3];
    standing.attach();
    standing.pin();
    expect(added[0]).toEqual(expect.arrayContaining([...doorNames]));
    const reason = standing.failureOf("bpf")?.reason;
    expect(reason).toContain("3 programs of others");
    expect(reason).toContain("the program of the agent before stands there still");
    expect(standing.attached).not.toContain("bpf");
    kernel.full.clear();
    standing.attach();
    expect(kernel.closed.filter((id) => id === 77).length, "looked at, and let go once the new one stands").toBe(2);
    standing.pin();
    expect(added[1]).toHaveLength(doorNames.length);
  });
});
