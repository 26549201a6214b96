// SPDX-License-Identifier: Apache-2.0
// Maps of the kernel as far as registering secrets goes: they keep what they are told, and can be full.
import type { BpfMap } from "../../src/kernel/native.js";

const full = (name: string): Error =>
  Object.assign(new Error(`E2BIG: update map ${name}`), { code: "E2BIG", errno: 7, target: name });

export class FakeMap {
  readonly entries = new Map<string, Buffer>();
  readonly bits = new Set<number>();
  /** Entries that fit. */
  room = Number.POSITIVE_INFINITY;

  constructor(
    readonly name: string,
    readonly log: string[] = [],
  ) {}

  lookup(key: Uint8Array): Buffer | undefined {
    const found = this.entries.get(Buffer.from(key).toString("hex"));
    return found === undefined ? undefined : Buffer.from(found);
  }

  update(key: Uint8Array, value: Uint8Array): void {
    const hex = Buffer.from(key).toString("hex");
    if (!this.entries.has(hex) && this.entries.size >= this.room) throw full(this.name);
    this.log.push(this.name);
    this.entries.set(hex, Buffer.from(value));
  }

  setBits(bits: Uint8Array): number {
    const before = this.bits.size;
    const bytes = Buffer.from(bits);
    for (let at = 0; at < bytes.length; at += 4) this.bits.add(bytes.readUInt32LE(at));
    this.log.push(this.name);
    return this.bits.size - before;
  }

  delete(key: Uint8Array): boolean {
    this.log.push(`-${this.name}`);
    return this.entries.delete(Buffer.from(key).toString("hex"));
  }

  keys = (): Buffer[] => [...this.entries.keys()].map((hex) => Buffer.from(hex, "hex"));
}

/** What the code under test takes for a map. */
export const asMap = (fake: FakeMap): BpfMap => fake as unknown as BpfMap;
