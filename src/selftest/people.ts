// SPDX-License-Identifier: Apache-2.0
// The canary, its neighbour that nobody protects, and the holder, who has files of both open from before protection began.
// All three are of our own making and hold nothing but random tokens; they end with us.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { CloudtaserError } from "../errors/index.js";
import type { Aim } from "./attack.js";

/** An emulated guest needs about a second. */
const patienceMs = 30_000;

const failed = (what: string, reason: string): CloudtaserError =>
  new CloudtaserError("SELFTEST_FAILED", { target: what, fields: { reason } });

/** A child that answers each line with a line. */
class Talker {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #name: string;
  readonly #lines: AsyncIterator<string>;
  #ended: string | undefined;

  constructor(name: string, file: string, argv: readonly string[], env: Readonly<Record<string, string>>) {
    this.#name = name;
    this.#child = spawn(file, argv, { stdio: ["pipe", "pipe", "ignore"], cwd: "/", env: { ...env } });
    this.#child.once("error", (error) => (this.#ended ??= error.message));
    this.#child.once("exit", (code, signal) => (this.#ended ??= `it ended (${signal ?? code})`));
    this.#child.stdin.on("error", () => {}); // the exit says the same, with the reason
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Why it is gone; undefined while it lives. */
  get ended(): string | undefined {
    return this.#ended;
  }

  async hear(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(failed(this.#name, "it does not answer")), patienceMs);
    });
    try {
      const { done, value } = await Promise.race([this.#lines.next(), silence]);
      if (done) throw failed(this.#name, this.#ended ?? "it said nothing");
      return value;
    } finally {
      clearTimeout(timer);
    }
  }

  tell(line: string): Promise<string> {
    this.#child.stdin.write(`${line}\n`);
    return this.hear();
  }

  async close(): Promise<void> {
    if (this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}

export interface People {
  canary: Aim;
  neighbour: Aim;
  /** Why the canary or its neighbour is gone; undefined while both live. */
  ended(): string | undefined;
  close(): Promise<void>;
}

/** @param holder name under which the holder is reached, as the attack programs get it */
export async function startPeople(triggers: string, holder: string): Promise<People> {
  const all: Talker[] = [];
  const start = (name: string, argv: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Talker => {
    const talker = new Talker(name, join(triggers, name), argv, env);
    all.push(talker);
    return talker;
  };
  const close = async (): Promise<void> => void (await Promise.all(all.map((one) => one.close())));
  try {
    const [first, second] = [start("victim"), start("victim")];
    const [canary, neighbour] = [JSON.parse(await first.hear()) as Aim, JSON.parse(await second.hear()) as Aim];
    // A second thread of each that is gone when its files, which the holder keeps, are used.
    const held: string[] = [];
    for (const one of [first, second]) {
      const { pid, tid2 } = JSON.parse(await one.tell("brief")) as Aim;
      held.push(`${pid}:${tid2}`);
    }
    const ready = await start("holder", held, { CT_HOLDER: holder }).hear();
    if (ready !== "ready") throw failed("holder", "it could not open the canary's files");
    for (const one of [first, second]) await one.tell("gone");
    return { canary, neighbour, ended: () => first.ended ?? second.ended, close };
  } catch (error) {
    await close();
    throw error;
  }
}
