// SPDX-License-Identifier: Apache-2.0
// The maps "leak_sinks" and "leak_sink_files": where the owner of an entry, a secret, may go.
import { decodeLeakFileKey, decodeLeakSinkKey, encodeLeakFileKey, encodeLeakSinkKey } from "./abi.gen.js";
import { addMissing } from "./additions.js";
import type { BpfMap } from "./native.js";

export interface SinkNetwork {
  family: 4 | 6;
  /** 4 or 16 bytes. */
  address: Uint8Array;
  /** Length of the prefix, of 32 or 128. */
  bits: number;
  /** 0: any. */
  port: number;
}

export interface SinkFile {
  ino: bigint;
  /** Kernel-internal dev_t. */
  dev: number;
}

export interface Sinks {
  networks: readonly SinkNetwork[];
  files: readonly SinkFile[];
}

/** Bits of the key before the address: owner, port, family. */
const bitsBefore = 64;

const networkOrder = (port: number): number => ((port & 0xff) << 8) | (port >> 8);

function keyOf(owner: number, { family, address, bits, port }: SinkNetwork): Buffer {
  const whole = Buffer.alloc(16);
  whole.set(address);
  return encodeLeakSinkKey({
    prefixlen: bitsBefore + bits,
    owner,
    port: networkOrder(port),
    family,
    address: whole,
  });
}

const networkKeys = (owner: number, { networks }: Sinks): Buffer[] => networks.map((one) => keyOf(owner, one));

const fileKeys = (owner: number, { files }: Sinks): Buffer[] =>
  files.map(({ ino, dev }) => encodeLeakFileKey({ ino, dev, owner }));

/** What the two maps hold. */
interface Keys {
  networks: readonly Buffer[];
  files: readonly Buffer[];
}

export class SinkTables {
  readonly #networks: BpfMap;
  readonly #files: BpfMap;

  constructor(networks: BpfMap, files: BpfMap) {
    this.#networks = networks;
    this.#files = files;
  }

  /** For an owner who has none yet. Throws E2BIG or ENOSPC, or what else the kernel says, and has changed nothing then. */
  add(owner: number, sinks: Sinks): void {
    this.#add(owner, sinks, { networks: [], files: [] });
  }

  /** In the place of those that the owner has. New ones first: what both lists have is allowed all the time. Throws as add(). */
  set(owner: number, sinks: Sinks): void {
    const present = { networks: this.#networks.keys(), files: this.#files.keys() };
    this.#add(owner, sinks, present);
    const kept = new Set([...networkKeys(owner, sinks), ...fileKeys(owner, sinks)].map((key) => key.toString("hex")));
    const isOver = (key: Buffer, of: number): boolean => of === owner && !kept.has(key.toString("hex"));
    this.#remove(present, isOver);
  }

  /** Takes out all that belongs to the owners that are meant. */
  remove(isMeant: (owner: number) => boolean): void {
    this.#remove({ networks: this.#networks.keys(), files: this.#files.keys() }, (_, owner) => isMeant(owner));
  }

  #add(owner: number, sinks: Sinks, present: Keys): void {
    const undo = addMissing(this.#networks, networkKeys(owner, sinks), present.networks);
    try {
      addMissing(this.#files, fileKeys(owner, sinks), present.files);
    } catch (error) {
      undo();
      throw error;
    }
  }

  #remove({ networks, files }: Keys, goes: (key: Buffer, owner: number) => boolean): void {
    for (const key of networks) if (goes(key, decodeLeakSinkKey(key).owner)) this.#networks.delete(key);
    for (const key of files) if (goes(key, decodeLeakFileKey(key).owner)) this.#files.delete(key);
  }
}
