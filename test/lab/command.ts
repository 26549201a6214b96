// SPDX-License-Identifier: Apache-2.0
// One command in the guest, from the host's side: its streams, its end, and the signals sent to it.

import { constants } from "node:os";
import type { LabError } from "./error.js";
import { encodeFrame, encodeUint32, frameType } from "./wire.js";

export interface CommandResult {
  /** Exit status; 128 + signal number if a signal ended it, as a shell has it. */
  status: number;
  stdout: string;
  stderr: string;
  /** "SIGKILL" and so on, if a signal ended it. */
  signal?: NodeJS.Signals;
}

export type OutputListener = (data: Buffer, stream: "stdout" | "stderr") => void;

const inputChunk = 256 * 1024;

export class GuestCommand {
  /** Settles when the command ends; rejects with LabError if the guest dies under it. */
  readonly done: Promise<CommandResult>;
  readonly #id: number;
  readonly #send: (frame: Buffer) => void;
  readonly #out: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  readonly #listeners: OutputListener[] = [];
  #settle: { resolve(result: CommandResult): void; reject(error: LabError): void };
  #ended = false;

  constructor(id: number, send: (frame: Buffer) => void) {
    this.#id = id;
    this.#send = send;
    this.#settle = { resolve: () => undefined, reject: () => undefined };
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // A command that nobody waits for must not take the process down when the guest is closed.
    this.done.catch(() => undefined);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What it printed so far. */
  get stdout(): string {
    return Buffer.concat(this.#out.stdout).toString();
  }

  get stderr(): string {
    return Buffer.concat(this.#out.stderr).toString();
  }

  onOutput(listener: OutputListener): void {
    this.#listeners.push(listener);
  }

  write(data: string | Uint8Array): void {
    const bytes = Buffer.from(data);
    for (let at = 0; at < bytes.length; at += inputChunk) {
      this.#send(encodeFrame(frameType.input, this.#id, bytes.subarray(at, at + inputChunk)));
    }
  }

  endInput(): void {
    this.#send(encodeFrame(frameType.inputEnd, this.#id));
  }

  /** Sends the signal to the command's whole process group. */
  kill(signal: NodeJS.Signals = "SIGTERM"): void {
    if (!this.#ended) this.#send(encodeFrame(frameType.kill, this.#id, encodeUint32(constants.signals[signal])));
  }

  /** Waits until what it printed on both streams matches; false if it ended or the time ran out before that. */
  waitForOutput(pattern: RegExp, timeoutSeconds = 90): Promise<boolean> {
    return new Promise((resolve) => {
      const seen = (): boolean => pattern.test(this.stdout) || pattern.test(this.stderr);
      const finish = (): void => {
        clearTimeout(timer);
        resolve(seen());
      };
      const timer = setTimeout(finish, timeoutSeconds * 1000);
      this.onOutput(() => seen() && finish());
      this.done.then(finish, finish);
      if (seen()) finish();
    });
  }

  /** For the guest's connection only. */
  accept(type: number, payload: Buffer): void {
    if (type === frameType.exit) {
      this.#finish(payload.readInt32LE(0));
      return;
    }
    const stream = type === frameType.out ? "stdout" : "stderr";
    this.#out[stream].push(payload);
    for (const listener of this.#listeners) listener(payload, stream);
  }

  /** For the guest's connection only. */
  fail(error: LabError): void {
    this.#ended = true;
    this.#settle.reject(error);
  }

  #finish(waitStatus: number): void {
    this.#ended = true;
    const output = { stdout: this.stdout, stderr: this.stderr };
    const number = waitStatus & 0x7f;
    const signal = signalName(number);
    if (signal) this.#settle.resolve({ status: 128 + number, ...output, signal });
    else this.#settle.resolve({ status: (waitStatus >> 8) & 0xff, ...output });
  }
}

function signalName(number: number): NodeJS.Signals | undefined {
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  return names.find((name) => constants.signals[name] === number);
}
