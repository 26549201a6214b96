// SPDX-License-Identifier: Apache-2.0
// Maps of the kernel as far as registering secrets goes: they keep what they are told, and can be full.
import type { BpfMap } from "../../src/kernel/native.js";

const full = (name: string): Error =>
  Object.assign(new Error(`E2BIG: update map ${name}`), { code: "E2BIG", errno: 7, target: name });

export class FakeMap {
  readonly entries = new Map<string, Buffer>();
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

  /** Of the bitmap as the kernel has it. */
  readonly valueSize = 1 << 21;
  /** Made when it is first used. */
  #bitmap: Buffer | undefined;

  get bitmap(): Buffer {
    this.#bitmap ??= Buffer.alloc(this.valueSize);
    return this.#bitmap;
  }

  setBits(bits: Uint8Array): number {
    const { bitmap } = this;
    const bytes = Buffer.from(bits);
    let fresh = 0;
    for (let at = 0; at < bytes.length; at += 4) {
      const bit = bytes.readUInt32LE(at);
      const byte = bitmap[bit >>> 3] ?? 0;
      if (!((byte >> (bit & 7)) & 1)) fresh++;
      bitmap[bit >>> 3] = byte | (1 << (bit & 7));
    }
    this.log.push(this.name);
    return fresh;
  }

  readBits = (): Buffer => Buffer.from(this.bitmap);

  replaceBits(value: Uint8Array): void {
    this.log.push(`=${this.name}`);
    this.bitmap.set(value);
  }

  delete(key: Uint8Array): boolean {
    this.log.push(`-${this.name}`);
    return this.entries.delete(Buffer.from(key).toString("hex"));
  }

  keys = (): Buffer[] => [...this.entries.keys()].map((hex) => Buffer.from(hex, "hex"));
}

/** What the code under test takes for a map. */
export const asMap = (fake: FakeMap): BpfMap => fake as unknown as BpfMap;
