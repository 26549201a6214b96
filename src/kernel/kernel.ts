// SPDX-License-Identifier: Apache-2.0
// The kernel side as the rest of the agent sees it: doors with their proof, who is protected, policy, counts, events.
// Made by open.ts. Owns every descriptor of the addon; close() is the only way out and may be called twice.
import { existsSync } from "node:fs";
import { CloudtaserError } from "../errors/index.js";
import { type CensusRecord, encodeRepeatKey, type RepeatKey } from "./abi.gen.js";
import { writeAuthority } from "./authority.js";
import { Canary } from "./canary.js";
import { type Addition, type AdditionResult, Census } from "./census.js";
import { CgroupTable } from "./cgroups.js";
import { type LossName, type OutcomeCount, readLosses, readOutcomes, readRepeats } from "./counters.js";
import { findDevices } from "./devices.js";
import { doorStatuses } from "./door-status.js";
import type { DoorName, DoorStatus, Form } from "./doors.js";
import { EventRing } from "./drain.js";
import { Idling } from "./idling.js";
import { type Leaks, leaksBehind } from "./leaks.js";
import type { SharedMap } from "./load.js";
import type { BpfMap } from "./native.js";
import { foreignObjects } from "./objects.js";
import type { KernelOptions } from "./options.js";
import type { LeftPin } from "./pin-tree.js";
import { enforcedVectors, type PolicySet, writePolicySet } from "./policy.js";
import { type Preemption, readPreemption } from "./preemption.js";
import { Proving } from "./proving.js";
import { pinnedEntries, takeOwnPlace, withIntroduction } from "./self.js";
import { Settings } from "./settings.js";
import { readRefusedForks } from "./shares.js";
import { DoorSleeper } from "./sleeper.js";
import type { Standing } from "./standing.js";
import { addOwnMaps, writeDevices, writeOwnLinks, writePinned } from "./tables.js";

export class Kernel {
  readonly #options: KernelOptions;
  readonly #standing: Standing;
  readonly #proving: Proving;
  readonly #sleeper: DoorSleeper;
  readonly #idling: Idling;
  readonly #census: Census;
  readonly leaks: Leaks;
  #ring: EventRing | undefined;
  #stopping = false;
  #closed = false;
  readonly #settings: Settings;
  /** As it was last looked at. */
  preemption: Preemption = readPreemption();
  /** Doors of an earlier agent were taken over. */
  readonly tookOver: boolean;
  /** All calls by which network programs read memory are known: see knowReaders(). */
  readersKnown = false;
  /** Vectors that an earlier agent's policy refuses; [] if nothing was taken over. */
  readonly enforcedBefore: readonly string[];

  /** Nothing is attached yet: see openKernel(). */
  constructor(options: KernelOptions, standing: Standing, tookOver: boolean) {
    this.#options = options;
    this.#standing = standing;
    this.tookOver = tookOver;
    this.enforcedBefore = tookOver ? enforcedVectors((name) => this.#map(name)) : [];
    this.#census = new Census(this.#map("census_request"), () => standing.census(), this.#map("namespaces"));
    this.#settings = new Settings(this.#map("settings"), options.native);
    const refuses = this.form !== "signal";
    this.#proving = new Proving(
      () => Canary.start(options.canary, this.#census, this.#map("proofs"), refuses),
      options.takesUntried,
    );
    this.#sleeper = new DoorSleeper(standing, this.#proving, {
      protectedProcesses: () => this.protectedProcesses(),
      awaited: () => this.cgroups.any || this.leaks.inUse,
      whyAwake: async () => options.whyAwake?.(),
      changed: () => {
        this.introduce();
        this.refreshDevices();
      },
    });
    // Before anything is pinned there.
    if (standing.pins) standing.pins.guard = () => this.introduce();
    this.#idling = new Idling(this.#sleeper, options.onIdling ?? (() => {}));
    this.leaks = leaksBehind(standing, options, () => this.introduce());
    this.leaks.takeOver();
  }

  /** Doors that an earlier agent has loaded are kept. */
  get kept(): boolean {
    return this.#standing.adopted;
  }

  /** Nothing is pinned where the kernel has no bpffs, nor in the signal form. */
  get pinned(): boolean {
    return this.#standing.pins !== undefined;
  }

  /** What somebody has put among the pins, and cannot be removed. */
  get leftPins(): readonly LeftPin[] {
    return this.#standing.pins?.left ?? [];
  }

  /** Objects that are not of this build, as the configuration wants it. */
  get foreignObjects(): string[] {
    return foreignObjects(this.#options.objects);
  }

  get form(): Form {
    return this.#standing.form;
  }

  get doors(): DoorStatus[] {
    return doorStatuses(this.#standing, this.#proving, this.preemption.preempts);
  }

  get unproven(): DoorName[] {
    return this.#standing.doors.filter((door) => !this.#sleeper.wasProved(door));
  }

  get crowded(): boolean {
    return this.#standing.crowded;
  }

  get provedCount(): number {
    return this.#standing.doors.length - this.unproven.length;
  }

  /** Nothing is protected, and the doors that may sleep are off. */
  get idle(): boolean {
    return !this.#standing.awake;
  }

  /** When every attached door was last proved, ms since the epoch; undefined if never. */
  get lastProof(): number | undefined {
    return this.#proving.last;
  }

  /** Root may change it at run time. True if it is another than before. */
  lookAtPreemption(): boolean {
    const before = this.preemption;
    this.preemption = readPreemption();
    return this.preemption.mode !== before.mode;
  }

  /** Makes every attached door fire once, and tries again to attach what could not be; idle doors are left in peace. */
  async prove(): Promise<void> {
    await this.#idling.inTurn(async () => {
      if (this.idle) return;
      await this.#sleeper.attachMissing();
      await this.#proving.prove(this.#standing.attached);
    });
  }

  /** Loads anew what an earlier agent has loaded. */
  async renew(): Promise<void> {
    this.#standing.renew();
    this.#proving.forget();
    this.introduce();
    await this.prove();
  }

  /** From now on the doors sleep while nothing is protected; without this they stand. */
  mayIdle(): void {
    this.#idling.start();
  }

  /** "always": they stand though nothing is protected. Returns once they do; throws if they cannot. */
  async setNodeGuards(when: "always" | "while-protected"): Promise<void> {
    const before = this.#sleeper.always;
    this.#sleeper.always = when === "always";
    if (when !== "always" || !this.idle) return;
    try {
      await this.guarding(() => {}, "whole");
    } catch (error) {
      this.#sleeper.always = before;
      throw error;
    }
  }

  /** Runs `action` while the doors are attached and proved, which takes a moment if they were idle. "whole": throws NOT_GUARDED,
   *  without running it, if a door is not. "partial": runs it with what stands. */
  guarding<T>(action: () => T | Promise<T>, how: "whole" | "partial"): Promise<T> {
    return this.#idling.whileAwake((missing) => {
      if (this.#stopping) throw new CloudtaserError("AGENT_NOT_RUNNING", { target: "this agent, which is stopping" });
      if (how === "whole" && missing.length > 0) {
        throw new CloudtaserError("NOT_GUARDED", { target: "this node", fields: { reason: missing.join("; ") } });
      }
      return action();
    });
  }

  /** Starts the stream of events. */
  listen(): void {
    this.#settings.listen();
    this.#ring ??= new EventRing(this.#options.native, this.#map("events"), this.#options.onEvents);
  }

  /** Tells the doors who the agent is, where its pins lie and which links are its own. All of it may change later. */
  introduce(): void {
    // Where nothing is pinned nobody is to be stopped, let alone killed, for what happens to that directory.
    const { pins } = this.#standing;
    this.leaks.pin();
    withIntroduction(pins?.path, (self) => takeOwnPlace(this.#census, self));
    writePinned(this.#map("pinned"), pinnedEntries(pins?.directories() ?? []));
    writeOwnLinks(this.#map("own_links"), this.#standing.linkIds);
    addOwnMaps(this.#map("own_maps"), this.#standing.roomIds);
  }

  /** In force as a whole when it returns; if it throws, the policy before still is. The next agent reads its authority. */
  setPolicy(policy: PolicySet): void {
    writePolicySet((name) => this.#map(name), policy);
    writeAuthority(this.#map("authority"), policy.authority);
    // Beside the swap and not in it: it only says when the node's guards sleep, so what passes with one policy's rules
    // and the other's setting passes under one of the two.
    this.#settings.write(policy);
  }

  /** Looks again which devices hold swap and which drivers of user space there are. */
  refreshDevices(): void {
    writeDevices(this.#map("devices"), findDevices());
  }

  readonly add = (addition: Addition): AdditionResult => this.#census.add(addition);

  /** Control groups whose members are protected. */
  get cgroups(): CgroupTable {
    return new CgroupTable(this.#map("cgroups"), this.#map("cgroups_any"), this.#census);
  }

  readonly remove = (which: { tgid: number; group: number }): CensusRecord[] => this.#census.remove(which);

  readonly list = (): CensusRecord[] => this.#census.list();

  readonly each = (): Iterable<CensusRecord> => this.#census.each();

  /** At the last list(): some of their namespaces may be known to no door. */
  get namespacesFull(): boolean {
    return this.#census.namespacesFull;
  }

  outcomes(): OutcomeCount[] {
    return readOutcomes(this.#map("outcomes"));
  }

  /** Attempts after the first of each offender on each target, since it was last forgotten. */
  repeats(): { key: RepeatKey; repeated: bigint }[] {
    return readRepeats(this.#map("repeats"));
  }

  forgetRepeat(key: RepeatKey): void {
    this.#map("repeats").delete(encodeRepeatKey(key));
  }

  readonly isGone = (tgid: number): boolean => !existsSync(`/proc/${tgid}`);

  readonly losses = (): { reason: LossName; count: bigint }[] => readLosses(this.#map("losses"));

  /** Of that workload, because it has its share of the table of protected processes. */
  readonly refusedForks = (group: number): number => readRefusedForks(this.#map("shares"), group);

  /** Processes under protection, the canary left out. */
  protectedProcesses(): number {
    return Number(this.#map("scope_count").lookup(Buffer.alloc(4))?.readBigInt64LE() ?? 0n);
  }

  /** Events that wait in the ring are handed over now. For an orderly stop. */
  drain(): void {
    this.#ring?.drain();
  }

  /** Bytes of events that wait to be read; undefined while nobody reads. */
  readonly eventBytes = (): number | undefined => this.#ring?.waiting();

  /** Before the sinks are closed: "detach" takes the doors off and hands over what they had to say; with "leave" what comes
   *  from now on stays in the ring for the next agent. So nothing is refused that nobody is told. */
  hush(how: "leave" | "detach"): void {
    this.#stopping = true;
    this.#idling.stop();
    this.#proving.end();
    if (how === "detach") this.#standing.takeOff();
    this.drain();
    this.#ring?.close();
    this.#ring = undefined;
    const [left] = how === "detach" ? this.leftPins : [];
    if (left) throw new CloudtaserError("PIN_FAILED", { target: left.path, fields: { reason: left.reason } });
  }

  /** "leave": pinned doors go on refusing. "detach": everything comes off. */
  close(how: "leave" | "detach"): void {
    if (this.#closed) return;
    try {
      this.hush(how);
    } finally {
      this.#closed = true;
      this.leaks.close();
      this.#standing.close(how);
    }
  }

  #map(name: SharedMap): BpfMap {
    const map = this.#closed ? undefined : this.#standing.maps.get(name);
    if (!map) throw new CloudtaserError("MAP_FAILED", { target: name, fields: { reason: "it is closed" } });
    return map;
  }
}
