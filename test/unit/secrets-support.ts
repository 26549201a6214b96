// SPDX-License-Identifier: Apache-2.0
// A room of secrets over a kernel that is made up, with clocks that tests set.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { CloudtaserError } from "../../src/errors/index.js";
import { type AddSecret, type SecretKernel, Secrets } from "../../src/secrets/secrets.js";
import type { Sinks } from "../../src/secrets/sinks.js";

export const directory = mkdtempSync(join(tmpdir(), "ct-secrets-"));
afterAll(() => rmSync(directory, { recursive: true }));
let number = 0;

export interface Prepared {
  text: string;
  sameAs: ReadonlySet<number>;
}

/** Knows secrets by their text, which the true one never sees. */
export class FakeKernel implements SecretKernel<Prepared> {
  readonly known = new Map<number, { group: number; text: string; sinks: Sinks }>();
  room = Number.POSITIVE_INFINITY;
  settled = 0;

  prepare(value: Uint8Array): Prepared {
    const text = Buffer.from(value).toString("latin1");
    value.fill(0);
    return { text, sameAs: new Set([...this.known].filter(([, one]) => one.text === text).map(([id]) => id)) };
  }
  add({ name, id, group, sinks }: { name: string; id: number; group: number; sinks: Sinks }, { text }: Prepared) {
    if (this.known.size >= this.room) {
      throw new CloudtaserError("SECRETS_FULL", { target: name, fields: { reason: "full" } });
    }
    const contained = [...this.known.values()].some((one) => one.text.includes(text));
    this.known.set(id, { group, text, sinks });
    return { contained };
  }
  setSinks(_: string, id: number, sinks: Sinks): void {
    const one = this.known.get(id);
    if (one) one.sinks = sinks;
  }
  remove(ids: readonly number[]): void {
    for (const id of ids) this.known.delete(id);
  }
  list = () => [...this.known].map(([id, { group }]) => ({ id, group }));
  doorsMissing: string[] = [];
  blind = () => this.doorsMissing;
  settle = (): void => void this.settled++;
}

export function room(kernel = new FakeKernel(), file = join(directory, `names-${++number}`), root?: string) {
  const running = new Set<string>();
  const looks = { count: 0 };
  const logged: string[] = [];
  let now = Date.parse("2026-01-01T00:00:00Z");
  let elapsed = 0;
  const groups = ["pay", "shop"];
  const open = () =>
    new Secrets({
      file,
      kernel,
      groups: {
        ensure: (name) => groups.indexOf(name) + 1,
        nameOf: (group) => groups[group - 1] ?? `group-${group}`,
      },
      whoRuns: () => {
        looks.count++;
        return (workload) => running.has(workload);
      },
      log: { info: (text) => void logged.push(text), warn: (text) => void logged.push(text) },
      now: () => new Date(now),
      elapsedMs: () => elapsed,
      ...(root === undefined ? {} : { root }),
    });
  const secrets = open();
  const add = (name: string, text: string, over: Partial<AddSecret> = {}) => {
    const value = Buffer.from(text, "latin1");
    const request = { workload: "pay", name, value, allow: [], replace: false, endsWithWorkload: false, ...over };
    try {
      return secrets.add(request);
    } finally {
      expect(value.every((byte) => byte === 0)).toBe(true);
    }
  };
  const wait = (seconds: number) => (elapsed += seconds * 1000);
  const setClock = (seconds: number) => (now += seconds * 1000);
  return { kernel, file, running, looks, logged, groups, open, secrets, add, wait, setClock };
}

export const secret = "tk_7Qm2xRz9KpLw4VbN";
