// SPDX-License-Identifier: Apache-2.0
// Registered secrets in the kernel's tables. Everything that a match needs is there before the entry in "leak_secrets",
// which makes it count; what does not fit is taken out again, and the whole secret is refused.
import { CloudtaserError, reasonOf } from "../errors/index.js";
import {
  decodeLeakHead,
  decodeLeakSecret,
  encodeLeakHead,
  encodeLeakSecret,
  LeakBeyond,
  LeakEncoding,
  type LeakHead,
  LeakUnscanned,
} from "./abi.gen.js";
import { Anchors } from "./anchors.js";
import { ownerGroup } from "./egress.js";
import type { BpfMap, Fingerprint } from "./native.js";
import { SecretBits } from "./secret-bits.js";
import { type Sinks, SinkTables } from "./secret-sinks.js";

/** Maps of the object of leaks. */
export const secretMapNames = [
  "leak_head",
  "leak_windows",
  "leak_anchor_bits",
  "leak_anchors",
  "leak_secrets",
  "leak_sink_files",
] as const;

/** leak_sinks is the doors' own. */
export type SecretMapName = (typeof secretMapNames)[number] | "leak_sinks";

/** What is looked at, and what becomes of the rest. */
export interface LeakLimits {
  /** Bytes of one operation. */
  scanLimit: number;
  beyond: keyof typeof LeakBeyond;
  unscanned: keyof typeof LeakUnscanned;
}

export interface NewSecret {
  /** For errors. */
  name: string;
  id: number;
  group: number;
  forms: readonly Fingerprint[];
  sinks: Sinks;
}

/** Bytes of a window. */
const windowBytes = 8;

const zero = Buffer.alloc(4);

function key32(number: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32LE(number);
  return key;
}

export class SecretTable {
  readonly #maps: (name: SecretMapName) => BpfMap;
  readonly #anchors: Anchors;
  readonly #windows: SecretBits;
  readonly #anchorBits: SecretBits;
  readonly #sinks: SinkTables;

  constructor(maps: (name: SecretMapName) => BpfMap) {
    this.#maps = maps;
    this.#anchors = new Anchors(maps("leak_anchors"));
    this.#windows = new SecretBits(maps("leak_windows"));
    this.#anchorBits = new SecretBits(maps("leak_anchor_bits"));
    this.#sinks = new SinkTables(maps("leak_sinks"), maps("leak_sink_files"));
  }

  /** Gives the tables their key if they have none, and takes out what an agent that died half-way has left in them. */
  begin(freshKey: () => Buffer, limits: LeakLimits): void {
    const head = this.#head();
    // Tables that were taken over keep their limits until the configuration is in force.
    if (head.key.every((half) => half === 0n)) {
      const key = freshKey();
      this.#write({ ...head, key: [key.readBigUInt64LE(0), key.readBigUInt64LE(8)], ...numbersOf(limits) });
      key.fill(0);
    }
    const known = new Set(this.list().map(({ id }) => id));
    this.#anchors.remove((secret) => !known.has(secret));
    // Its number can be given out again, and the next of that number may not go where this one was to.
    this.#sinks.remove((owner) => owner < ownerGroup && !known.has(owner));
    this.#windows.begin(known);
    this.#anchorBits.begin(known);
    this.#settle();
  }

  /** 16 bytes; of the tables' own, so that it outlives the agent with them. */
  get key(): Buffer {
    return encodeLeakHead(this.#head()).subarray(0, 16);
  }

  configure(limits: LeakLimits): void {
    this.#write({ ...this.#head(), ...numbersOf(limits) });
  }

  list(): { id: number; group: number }[] {
    const secrets = this.#maps("leak_secrets");
    return secrets.keys().flatMap((key) => {
      const value = secrets.lookup(key);
      return value === undefined ? [] : [{ id: key.readUInt32LE(), group: decodeLeakSecret(value).group }];
    });
  }

  /** Secrets of exactly this value. */
  sameAs(forms: readonly Fingerprint[]): Set<number> {
    const plain = forms.filter(({ encoding }) => encoding === LeakEncoding.plain);
    const holders = plain.map((form) => this.#anchors.holdersOf(form));
    const [first = new Set<number>(), ...others] = holders;
    return new Set([...first].filter((id) => others.every((other) => other.has(id))));
  }

  /**
   * Throws SECRETS_FULL or MAP_FAILED; nothing of it is left then but bits that mean nothing, until they are cleared.
   * @returns whether all of it stood in what was registered before
   */
  add({ name, id, group, forms, sinks }: NewSecret): { contained: boolean } {
    const windowsOf = (isMeant: (form: Fingerprint) => boolean): Buffer =>
      Buffer.concat(forms.filter(isMeant).map(({ windows }) => windows));
    const isPlain = ({ encoding }: Fingerprint): boolean => encoding === LeakEncoding.plain;
    let fresh: number;
    try {
      fresh = this.#windows.add(id, windowsOf(isPlain));
      this.#windows.add(
        id,
        windowsOf((form) => !isPlain(form)),
      );
      if (this.#windows.full) throw tooMany(name, "so many windows of secrets cannot be told from ordinary data");
      this.#prepareHead(forms, group);
      this.#placeAll(forms, id, name);
      this.#sinks.add(id, sinks);
      this.#maps("leak_secrets").update(key32(id), encodeLeakSecret({ group, flags: 0 }));
    } catch (cause) {
      this.remove([id]);
      throw failureOf(name, cause);
    }
    return { contained: fresh === 0 };
  }

  /** Throws SECRETS_FULL or MAP_FAILED; what was allowed before is allowed then, and nothing else. */
  setSinks(name: string, id: number, sinks: Sinks): void {
    try {
      this.#sinks.set(id, sinks);
    } catch (cause) {
      throw failureOf(name, cause);
    }
  }

  /** Of secrets that are not whole, too. One pass over the tables, however many they are. */
  remove(ids: readonly number[]): void {
    const gone = new Set(ids);
    for (const id of gone) this.#maps("leak_secrets").delete(key32(id));
    this.#anchors.remove((secret) => gone.has(secret));
    this.#sinks.remove((owner) => gone.has(owner));
    this.#windows.remove(gone);
    this.#anchorBits.remove(gone);
    this.#settle();
  }

  #placeAll(forms: readonly Fingerprint[], id: number, name: string): void {
    const bits: Buffer[] = [];
    for (const form of forms) {
      const bit = this.#anchors.place(form, id);
      if (bit === undefined) {
        throw tooMany(name, "too many other secrets have the same value, or the same parts");
      }
      bits.push(key32(bit));
    }
    this.#anchorBits.add(id, Buffer.concat(bits));
  }

  /** Widens what is looked at: before anchors are there to be found. */
  #prepareHead(forms: readonly Fingerprint[], group: number): void {
    const head = this.#head();
    const lengths = forms.map(({ length }) => length);
    const step = Math.min(...lengths) - windowBytes + 1;
    head.step = head.step === 0 ? step : Math.min(head.step, step);
    head.longest = Math.max(head.longest, ...lengths);
    head.groups |= groupBit(group);
    this.#write(head);
  }

  /** Narrows it to what is there. */
  #settle(): void {
    const head = this.#head();
    const lengths = this.#anchors.lengths();
    head.step = lengths === undefined ? 0 : lengths.shortest - windowBytes + 1;
    head.longest = lengths?.longest ?? 0;
    head.groups = this.list().reduce((bits, { group }) => bits | groupBit(group), 0n);
    this.#write(head);
  }

  #head(): LeakHead {
    const bytes = this.#maps("leak_head").lookup(zero);
    if (bytes === undefined) {
      throw new CloudtaserError("MAP_FAILED", { target: "leak_head", fields: { reason: "it has no entry" } });
    }
    return decodeLeakHead(bytes);
  }

  #write(head: LeakHead): void {
    this.#maps("leak_head").update(zero, encodeLeakHead(head));
  }
}

const tooMany = (name: string, reason: string): CloudtaserError =>
  new CloudtaserError("SECRETS_FULL", { target: name, fields: { reason } });

function failureOf(name: string, cause: unknown): CloudtaserError {
  if (cause instanceof CloudtaserError) return cause;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code !== "E2BIG" && code !== "ENOSPC") {
    return new CloudtaserError("MAP_FAILED", { target: "of secrets", fields: { reason: reasonOf(cause) }, cause });
  }
  const table = cause instanceof Error && "target" in cause ? cause.target : "for it";
  return new CloudtaserError("SECRETS_FULL", { target: name, fields: { reason: `the table ${table} is full` }, cause });
}

const groupBit = (group: number): bigint => 1n << BigInt(group % 64);

const numbersOf = ({ scanLimit, beyond, unscanned }: LeakLimits) => ({
  scanLimit,
  beyond: LeakBeyond[beyond],
  unscanned: LeakUnscanned[unscanned],
});
