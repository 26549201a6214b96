// SPDX-License-Identifier: Apache-2.0
// The maps "leak_sinks" and "leak_sink_files": where the owner of an entry, a secret, may go.
import { decodeLeakFileKey, decodeLeakSinkKey, encodeLeakFileKey, encodeLeakSinkKey } from "./abi.gen.js";
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

const allowed = (): Buffer => Buffer.from([1, 0, 0, 0]);

export class SinkTables {
  readonly #networks: BpfMap;
  readonly #files: BpfMap;

  constructor(networks: BpfMap, files: BpfMap) {
    this.#networks = networks;
    this.#files = files;
  }

  /** Throws E2BIG or ENOSPC, or what else the kernel says, with some of it written. */
  add(owner: number, { networks, files }: Sinks): void {
    for (const network of networks) this.#networks.update(keyOf(owner, network), allowed());
    for (const { ino, dev } of files) this.#files.update(encodeLeakFileKey({ ino, dev, owner }), allowed());
  }

  /** Takes out all that belongs to the owners that are meant, but for what `keep` holds. */
  remove(isMeant: (owner: number) => boolean, keep?: { owner: number; sinks: Sinks }): void {
    const { owner, sinks } = keep ?? { owner: 0, sinks: { networks: [], files: [] } };
    const kept = new Set([
      ...sinks.networks.map((network) => keyOf(owner, network).toString("hex")),
      ...sinks.files.map((file) => encodeLeakFileKey({ ...file, owner }).toString("hex")),
    ]);
    const goes = (key: Buffer, of: number): boolean => isMeant(of) && !kept.has(key.toString("hex"));
    for (const key of this.#networks.keys()) {
      if (goes(key, decodeLeakSinkKey(key).owner)) this.#networks.delete(key);
    }
    for (const key of this.#files.keys()) if (goes(key, decodeLeakFileKey(key).owner)) this.#files.delete(key);
  }
}
