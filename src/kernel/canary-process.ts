// SPDX-License-Identifier: Apache-2.0
// One cloudtaser-canary child, spoken to line by line: a request, then the line that answers it.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { getSystemErrorName } from "node:util";

/** A canary that says nothing for this long is ended (an emulated guest needs about a second for an answer). */
const patienceMs = 15_000;

export class CanaryProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #patience: number;
  #waiting: { word: string; resolve: (rest: string) => void; reject: (error: Error) => void } | undefined;
  #dead: string | undefined;

  private constructor(executable: string, role: "victim" | "prober", patience: number) {
    this.#patience = patience;
    // No environment: the canary must hold nothing worth stealing.
    this.#child = spawn(executable, [role], { stdio: ["pipe", "pipe", "ignore"], env: {} });
    this.#child.once("error", (error) => this.#die(`cannot start ${executable}: ${error.message}`));
    this.#child.once("exit", (code, signal) => this.#die(`the canary's ${role} ended (${signal ?? code})`));
    this.#child.stdin.on("error", () => {}); // EPIPE: the exit event says the same, with the reason
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#hear(line));
  }

  /** @param patience milliseconds for each answer */
  static async start(
    executable: string,
    role: "victim" | "prober",
    patience: number = patienceMs,
  ): Promise<CanaryProcess> {
    const process = new CanaryProcess(executable, role, patience);
    await process.#wait("ready");
    return process;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get alive(): boolean {
    return this.#dead === undefined;
  }

  /**
   * Sends a line and returns what follows `word` in the answer. Throws if the canary could not do it, or is not alive: one that
   * does not answer, or answers something else, is ended, since nobody knows to what its next line would be the answer.
   */
  ask(line: string, word: string): Promise<string> {
    const answer = this.#wait(word);
    this.#child.stdin.write(`${line}\n`);
    return answer;
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill("SIGKILL");
  }

  #wait(word: string): Promise<string> {
    if (this.#dead !== undefined) return Promise.reject(new Error(this.#dead));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#end(`no answer to "${word}" within ${this.#patience} ms`), this.#patience);
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
      };
      this.#waiting = {
        word,
        resolve: (rest) => {
          settle();
          resolve(rest);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
    });
  }

  #hear(line: string): void {
    const space = line.indexOf(" ");
    const word = space < 0 ? line : line.slice(0, space);
    if (this.#waiting?.word === word) this.#waiting.resolve(space < 0 ? "" : line.slice(space + 1));
    else if (word === "error") this.#fail(failureOf(line));
    else this.#end(`unexpected answer: ${JSON.stringify(line.slice(0, 80))}`);
  }

  #fail(reason: string): void {
    this.#waiting?.reject(new Error(reason));
  }

  #die(reason: string): void {
    this.#dead ??= reason;
    this.#fail(reason);
  }

  #end(reason: string): void {
    this.#die(reason);
    this.close();
  }
}

/** Of a line "error ERRNO". */
function failureOf(line: string): string {
  const errno = Number(line.slice("error ".length));
  return `what it was to do failed with ${errno > 0 && errno < 4096 ? getSystemErrorName(-errno) : JSON.stringify(line)}`;
}
