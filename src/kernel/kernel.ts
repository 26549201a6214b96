// SPDX-License-Identifier: Apache-2.0
// The kernel side as the rest of the agent sees it: doors with their proof, who is protected, policy, counts, events.
// Owns every descriptor of the addon; close() is the only way out and may be called twice.
import { CloudtaserError, reasonOf } from "../errors/index.js";
import {
  type CensusRecord,
  decodeEvent,
  decodeRepeat,
  decodeRepeatKey,
  type Event,
  EventSize,
  encodeRepeatKey,
  type RepeatKey,
  Role,
} from "./abi.gen.js";
import { Canary, type Proof } from "./canary.js";
import { type Addition, type AdditionResult, Census } from "./census.js";
import { openBest } from "./choice.js";
import { type LossName, type OutcomeCount, readLosses, readOutcomes } from "./counters.js";
import { findDevices } from "./devices.js";
import { type DoorName, type DoorStatus, doorNames, type Form, programOf, soundnessOf } from "./doors.js";
import { clearLeftovers } from "./leftovers.js";
import { type LoadedDoors, loadDoors, type SharedMap, sharedMaps } from "./load.js";
import type { BpfMap, Native, Ring } from "./native.js";
import { objectPath } from "./paths.js";
import { Pins } from "./pins.js";
import { type PolicySet, writePolicySet } from "./policy.js";
import { type Preemption, readPreemption } from "./preemption.js";
import { formsToTry, type KernelFacts } from "./probe.js";
import { pinnedEntries, withIntroduction } from "./self.js";
import { otherFormStands } from "./standing.js";
import { writeDevices, writeOwnLinks, writePinned, writeSettings } from "./tables.js";

/** Records per wake-up of the loop: bounds how long events can hold up everything else. */
const recordsPerBatch = 64;

const censusProgram = "ct_census";

export interface KernelOptions {
  native: Native;
  facts: KernelFacts;
  /** Directory of BPF objects; that of the package if left out. */
  objects?: string | undefined;
  /** Path of cloudtaser-canary. */
  canary: string;
  form: "auto" | Form;
  pinPath: string;
  onEvents: (events: Event[], malformed: number) => void;
}

export class Kernel {
  readonly #options: KernelOptions;
  readonly #pins: Pins;
  readonly #loaded: LoadedDoors;
  readonly #maps = new Map<SharedMap, BpfMap>();
  readonly #census: Census;
  readonly #proofs = new Map<DoorName, Proof>();
  #canary: Canary | undefined;
  #ring: Ring | undefined;
  #closed = false;
  #uprobeFlag: number | undefined;
  /** As it was last looked at. */
  preemption: Preemption = readPreemption();
  /** When every attached door was last proved, ms since the epoch; undefined if never. */
  lastProof: number | undefined;
  /** Doors of an earlier agent were taken over. */
  readonly tookOver: boolean;

  private constructor(options: KernelOptions, pins: Pins, loaded: LoadedDoors, tookOver: boolean) {
    this.#options = options;
    this.#pins = pins;
    this.#loaded = loaded;
    this.tookOver = tookOver;
    for (const name of sharedMaps) this.#maps.set(name, loaded.object.map(name));
    const run = () => loaded.object.iterate(censusProgram);
    this.#census = new Census(this.#map("census_request"), run, this.#map("namespaces"));
  }

  /** Loads, attaches and proves the doors in the best form that works. Leaves nothing behind when it throws. */
  static async open(options: KernelOptions): Promise<Kernel> {
    const openIn = (form: Form): Promise<Kernel> => Kernel.#openIn(options, form);
    if (options.form !== "auto") return openBest([options.form], undefined, openIn);
    return openBest(formsToTry(options.facts), "signal", openIn);
  }

  static async #openIn(options: KernelOptions, form: Form): Promise<Kernel> {
    const pins = new Pins(options.pinPath);
    const standing = pins.standing;
    if (standing && form === "signal") throw otherFormStands(pins);
    if (!standing && options.facts.bpffs) clearLeftovers(options.native, pins);
    // Doors that stand know us by our executable, as long as no agent lives: bpf/agent_identity.h.
    const loaded = loadDoors(options.native, {
      object: objectPath(options.objects, form),
      form,
      reuse: standing ? pins.maps : undefined,
    });
    const kernel = new Kernel(options, pins, loaded, standing);
    let generation: string | undefined;
    try {
      kernel.introduce();
      if (kernel.pinned) {
        generation = pins.nextGeneration();
        pins.add(loaded, generation);
        pins.removeOld();
        kernel.introduce();
      }
      await kernel.prove();
      return kernel;
    } catch (error) {
      // What stood before stands on; what this start has added goes.
      if (standing && generation !== undefined && pins.generations().length > 1) pins.remove(generation);
      kernel.close(standing ? "leave" : "detach");
      throw error;
    }
  }

  /** What 5.10 attaches as a kprobe cannot be pinned, so nothing of that form is: it ends with the agent. */
  get pinned(): boolean {
    return this.#options.facts.bpffs && this.form !== "signal";
  }

  get form(): Form {
    return this.#loaded.form;
  }

  get doors(): DoorStatus[] {
    return this.#loaded.doors.map(({ door, link, reason, log }) => {
      const proof = this.#proofs.get(door);
      return {
        door,
        form: this.#loaded.form,
        attached: link !== undefined,
        proved: link !== undefined && proof?.proved === true,
        reason: link === undefined ? reason : (proof?.reason ?? "not proved yet"),
        soundness: soundnessOf(this.#loaded.form, this.preemption.preempts),
        recursionMisses: link === undefined ? 0n : this.#loaded.object.programInfo(programOf(door)).recursionMisses,
        log,
      };
    });
  }

  get unproven(): DoorName[] {
    return doorNames.filter((door) => this.#proofs.get(door)?.proved !== true);
  }

  get provedCount(): number {
    return doorNames.length - this.unproven.length;
  }

  /** Root may change it at run time. True if it is another than before. */
  lookAtPreemption(): boolean {
    const before = this.preemption;
    this.preemption = readPreemption();
    return this.preemption.mode !== before.mode;
  }

  /** Makes every attached door fire once. */
  async prove(): Promise<Proof[]> {
    const attached = this.#loaded.doors.filter(({ link }) => link !== undefined).map(({ door }) => door);
    try {
      if (!this.#canary?.alive) {
        this.#canary?.close();
        this.#canary = await Canary.start(
          this.#options.canary,
          this.#census,
          this.#map("proofs"),
          this.form !== "signal",
        );
      }
      for (const proof of await this.#canary.prove(attached)) this.#proofs.set(proof.door, proof);
    } catch (error) {
      const reason = `no canary: ${reasonOf(error)}`;
      for (const door of attached) this.#proofs.set(door, { door, proved: false, reason });
    }
    if (attached.every((door) => this.#proofs.get(door)?.proved)) this.lastProof = Date.now();
    return [...this.#proofs.values()];
  }

  /** Starts the stream of events. */
  listen(): void {
    this.#ring ??= this.#options.native.openRing(
      this.#map("events"),
      { recordSize: EventSize, maxRecords: recordsPerBatch },
      (records, count, malformed) => {
        const events: Event[] = [];
        for (let i = 0; i < count; i++) events.push(decodeEvent(records, i * EventSize));
        this.#options.onEvents(events, malformed);
      },
    );
  }

  /** Tells the doors who the agent is, where its pins lie and which links are its own. All of it may change later. */
  introduce(): void {
    // Where nothing is pinned nobody is to be stopped, let alone killed, for what happens to that directory.
    const pins = this.pinned ? this.#pins : undefined;
    withIntroduction(pins?.path, (self) => {
      this.#census.add({ tgid: process.pid, group: 0, role: Role.agent, follow: false, self });
    });
    writePinned(this.#map("pinned"), pinnedEntries(pins?.directories() ?? []));
    writeOwnLinks(
      this.#map("own_links"),
      this.#loaded.doors.flatMap(({ link }) => link?.info()?.id ?? []),
    );
  }

  /** In force as a whole when it returns; if it throws, the policy before still is. */
  setPolicy(policy: PolicySet): void {
    writePolicySet((name) => this.#map(name), policy);
    // Beside the swap and not in it: it only says when the node's guards sleep, so what passes with one policy's rules
    // and the other's setting passes under one of the two.
    writeSettings(this.#map("settings"), { ...policy, uprobeFlag: this.#flagOfUprobes() });
  }

  /** Looks again which devices hold swap and which drivers of user space there are. */
  refreshDevices(): void {
    writeDevices(this.#map("devices"), findDevices());
  }

  #flagOfUprobes(): number {
    if (this.#uprobeFlag === undefined) {
      this.#uprobeFlag = this.#options.native.kernelEnumerator("TRACE_EVENT_FL_UPROBE") ?? 0;
      this.#options.native.releaseBtf();
    }
    return this.#uprobeFlag;
  }

  add(addition: Addition): AdditionResult {
    return this.#census.add(addition);
  }

  remove(which: { tgid: number; group: number }): CensusRecord[] {
    return this.#census.remove(which);
  }

  list(): CensusRecord[] {
    return this.#census.list();
  }

  outcomes(): OutcomeCount[] {
    return readOutcomes(this.#map("outcomes"));
  }

  /** Attempts after the first of each offender on each target, since it was last forgotten. */
  repeats(): { key: RepeatKey; repeated: bigint }[] {
    const map = this.#map("repeats");
    return map.keys().flatMap((key) => {
      const value = map.lookup(key);
      return value === undefined ? [] : [{ key: decodeRepeatKey(key), repeated: decodeRepeat(value).repeated }];
    });
  }

  forgetRepeat(key: RepeatKey): void {
    this.#map("repeats").delete(encodeRepeatKey(key));
  }

  losses(): { reason: LossName; count: bigint }[] {
    return readLosses(this.#map("losses"));
  }

  /** Processes under protection, the canary left out. */
  protectedProcesses(): number {
    return Number(this.#map("scope_count").lookup(Buffer.alloc(4))?.readBigInt64LE() ?? 0n);
  }

  /** Events that wait in the ring are handed over now. For an orderly stop. */
  drain(): void {
    while (this.#ring && this.#ring.drain(recordsPerBatch) > 0);
  }

  /** "leave": pinned doors go on refusing. "detach": everything comes off. */
  close(how: "leave" | "detach"): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ring?.close();
    this.#canary?.close();
    if (how === "detach" && this.pinned) this.#pins.removeAll();
    for (const { link } of this.#loaded.doors) link?.close();
    for (const map of this.#maps.values()) map.close();
    this.#loaded.object.close();
  }

  #map(name: SharedMap): BpfMap {
    const map = this.#maps.get(name);
    if (!map) throw new CloudtaserError("MAP_FAILED", { target: name, fields: { reason: "it is closed" } });
    return map;
  }
}
