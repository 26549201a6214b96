// SPDX-License-Identifier: Apache-2.0
// Doors that one agent has pinned and the next one keeps: through sleep and waking, and when what is on the disk has changed.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DoorName, doorNames, isTracepoint, programOf, sleeps } from "../../src/kernel/doors.js";
import type { BpfIterator, BpfLink, BpfMap, BpfObject, LoadedProgramInfo, Native } from "../../src/kernel/native.js";
import { Pins } from "../../src/kernel/pins.js";
import { Standing } from "../../src/kernel/standing.js";

const tracing = 26;
const lsm = 29;
const census = "ct_census";
const instructionsOf = (program: string): Buffer => Buffer.from(`instructions of ${program}`);

/** Links and pins as a kernel has them: what is pinned stays attached when its descriptor is closed. */
class Machine {
  readonly directory = mkdtempSync(join(tmpdir(), "cloudtaser-kept-"));
  readonly pins = new Pins(join(this.directory, "pins"));
  readonly object = join(this.directory, "object.bpf.o");
  loads = 0;
  readonly #digest: string;

  constructor() {
    writeFileSync(this.object, "an object");
    this.#digest = createHash("sha256").update(readFileSync(this.object)).digest("hex");
  }

  agent(): Standing {
    const object = { path: this.object, digest: this.#digest };
    const reuse = this.pins.standing ? this.pins.maps : undefined;
    return new Standing(this.native(), { object, form: "lsm", reuse }, this.pins);
  }

  pinned(): string[] {
    const directory = this.pins.generations().at(-1);
    return directory === undefined ? [] : readdirSync(directory).sort();
  }

  native(): Native {
    const pin = (path: string): void => writeFileSync(path, "");
    const map = () => ({ fd: 3, pin, close: () => {}, info: () => ({ id: 7 }) }) as unknown as BpfMap;
    const info = (name: string): LoadedProgramInfo => {
      const type = name === census || isTracepoint(name.slice(3) as DoorName) ? tracing : lsm;
      const tag = createHash("sha1").update(instructionsOf(name)).digest().subarray(0, 8);
      return { type, tag, mapIds: [] } as unknown as LoadedProgramInfo;
    };
    const iterator = () => ({ pin, close: () => {}, info: () => info(census) }) as unknown as BpfIterator;
    const link = (door: string) =>
      ({
        pin,
        close: () => {},
        info: () => ({ id: 1, programId: doorNames.indexOf(door as DoorName) + 1 }),
      }) as unknown as BpfLink;
    const names = [...doorNames.map(programOf), census];
    const object = (draws: boolean): BpfObject => {
      const part: Partial<BpfObject> = {
        programs: () => names.map((name) => ({ name, section: "" })),
        setAutoload: () => {},
        reuseMap: () => {},
        load: () => {
          expect(draws).toBe(false);
          this.loads++;
        },
        blueprints: () => names.map((name) => ({ name, instructions: instructionsOf(name), maps: [] })),
        map,
        iterator,
        attach: (program) => link(program.slice(3)),
        close: () => {},
      };
      return part as BpfObject;
    };
    const part: Partial<Native> = {
      kernelHasFunction: () => true,
      releaseBtf: () => {},
      openObject: (_path, _bytes, draws = false) => object(draws),
      openMap: map,
      openIterator: iterator,
      openLink: (path) => {
        if (!existsSync(path)) throw new Error(`ENOENT: ${path}`);
        return link(basename(path));
      },
      loadedProgram: (id) => info(programOf(doorNames[id - 1] ?? "file_open")),
    };
    return part as Native;
  }
}

const whole = [...doorNames, "census"].sort();

describe("doors that are kept", () => {
  let machine: Machine;

  beforeEach(() => {
    machine = new Machine();
    const first = machine.agent();
    first.attach();
    first.pin();
    first.close("leave");
    expect(machine.pinned()).toEqual(whole);
  });

  afterEach(() => {
    rmSync(machine.directory, { recursive: true });
  });

  it("are neither loaded nor pinned again", () => {
    const next = machine.agent();
    expect(next.adopted).toBe(true);
    expect(next.attach()).toEqual([]);
    next.pin();
    expect(machine.pins.generations().map((path) => basename(path))).toEqual(["doors-1"]);
    expect(next.attached).toEqual(doorNames);
    expect(machine.loads).toBe(1);
  });

  it("go to sleep and wake as this agent's own", async () => {
    const next = machine.agent();
    await next.detach(() => true);
    expect(machine.loads).toBe(2);
    expect(next.adopted).toBe(false);
    expect(machine.pins.any).toBe(false);
    expect(next.attach().sort()).toEqual(doorNames.filter(sleeps).sort());
    next.pin();
    expect(machine.pinned()).toEqual(whole);
    expect(machine.loads, "before somebody waits for it").toBe(2);
  });

  it("stand on when a fall asleep is broken off, each pinned again", async () => {
    const next = machine.agent();
    let left = 3;
    await next.detach(() => left-- > 0);
    expect(machine.pinned().length).toBeLessThan(whole.length);
    next.attach();
    next.pin();
    expect(machine.pinned()).toEqual(whole);
    expect(next.attached).toEqual(doorNames);
    expect(machine.loads).toBe(2);
  });

  it("all stand when what they would be loaded from is gone, though they were to sleep", async () => {
    const next = machine.agent();
    writeFileSync(machine.object, "another version");
    await expect(next.detach(() => true)).rejects.toMatchObject({ code: "OBJECT_ALTERED" });
    expect(next.attached).toEqual(doorNames);
    expect(machine.pinned()).toEqual(whole);
  });

  it("are replaced where they do not act, new before old", () => {
    const next = machine.agent();
    next.renew();
    expect(next.adopted).toBe(false);
    expect(machine.loads).toBe(2);
    expect(machine.pins.generations().map((path) => basename(path))).toEqual(["doors-2"]);
    expect(machine.pinned()).toEqual(whole);
  });

  it("are pinned again when a single one was off", async () => {
    const own = machine.agent();
    own.renew();
    let left = 1;
    await own.detach(() => left-- > 0);
    expect(machine.pinned()).toHaveLength(whole.length - 1);
    own.attach();
    own.pin();
    expect(machine.pinned()).toEqual(whole);
  });

  it("leave nothing beside them of a start that was broken off", () => {
    mkdirSync(join(machine.pins.path, "doors-2-new"));
    const next = machine.agent();
    expect(next.adopted).toBe(true);
    next.pin();
    expect(readdirSync(machine.pins.path).sort()).toEqual(["doors-1", "maps"]);
  });
});
