// SPDX-License-Identifier: Apache-2.0
// Who gets past the socket, and how often. A stranger is turned away before a byte of his is parsed; members of the group cannot
// take the last connections, which are for root; nobody may ask without end.

import type { Socket } from "node:net";
import { CloudtaserError, errorToJson } from "../errors/index.js";
import { mayControl, type PeerCredentials, peerOf } from "./peer.js";
import type { ErrorAnswer, Peer } from "./protocol.js";

/** Connections at once. Counted here: what is turned away in a burst must not stand in for one that is admitted. */
export const maxConnections = 32;
/** Of these, for others than root and the agent's own user. */
export const maxForOthers = 20;
/** Strangers who are being told why; of more the connection is ended without a word. */
const maxRefused = 8;
const refusalMs = 1_000;
/** Bytes that a stranger may have sent by then. */
const refusalBytes = 64 * 1024;

/** Requests of one user: so many at once, then so many a second. */
export const burst = 200;
export const perSecond = 50;
/** Answers that may name everybody, under way at once for one user other than root and the agent's own: each takes memory. */
export const maxLong = 2;
/** Users whose requests are counted. */
const maxUsers = 256;

export type Admission = "admitted" | "stranger" | "full";

export class Gate {
  readonly #peers = new WeakMap<Socket, Peer>();
  readonly #long = new Map<number, { taken: number; waiting: (() => void)[] }>();
  readonly #tokens = new Map<number, { left: number; at: number }>();
  #admitted = 0;
  #others = 0;
  #refused = 0;

  constructor(
    readonly options: { path: string; gid: number | undefined; native: PeerCredentials; now?: () => number },
  ) {}

  /** Of an admitted connection, for its one request; undefined for each later one. */
  takePeer(socket: Socket): Peer | undefined {
    const peer = this.#peers.get(socket);
    this.#peers.delete(socket);
    return peer;
  }

  /** Once for each connection. One that is not admitted is answered and ended here. */
  admit(socket: Socket): { admission: Admission; peer: Peer | undefined } {
    const { gid, native } = this.options;
    const peer = peerOf(socket, native);
    if (peer === undefined || !mayControl(peer, gid)) {
      this.#turnAway(socket, peer);
      return { admission: "stranger", peer };
    }
    const other = isOwner(peer) ? 0 : 1;
    if (this.#admitted >= maxConnections || (other && this.#others >= maxForOthers)) {
      socket.destroy();
      return { admission: "full", peer };
    }
    this.#admitted++;
    this.#others += other;
    socket.once("close", () => {
      this.#admitted--;
      this.#others -= other;
    });
    this.#peers.set(socket, peer);
    return { admission: "admitted", peer };
  }

  /** false: this user has asked too often. */
  take(uid: number): boolean {
    const now = this.options.now?.() ?? performance.now();
    const known = this.#tokens.get(uid) ?? { left: burst, at: now };
    const left = Math.min(burst, known.left + ((now - known.at) / 1000) * perSecond);
    this.#tokens.delete(uid);
    if (this.#tokens.size >= maxUsers) this.#forgetOldest();
    this.#tokens.set(uid, { left: left >= 1 ? left - 1 : left, at: now });
    return left >= 1;
  }

  /** Resolves when this user may be given a long answer; what it resolves to is called once, at the end of that. */
  async longTurn(peer: Peer): Promise<() => void> {
    if (isOwner(peer)) return () => {};
    const turns = this.#long.get(peer.uid) ?? { taken: 0, waiting: [] };
    this.#long.set(peer.uid, turns);
    if (turns.taken < maxLong) turns.taken++;
    else await new Promise<void>((resolve) => turns.waiting.push(resolve));
    return () => {
      const next = turns.waiting.shift();
      if (next !== undefined) next();
      else if (--turns.taken === 0) this.#long.delete(peer.uid);
    };
  }

  #forgetOldest(): void {
    const [oldest] = this.#tokens.keys();
    if (oldest !== undefined) this.#tokens.delete(oldest);
  }

  #turnAway(socket: Socket, peer: Peer | undefined): void {
    socket.on("error", () => {});
    if (this.#refused >= maxRefused) {
      socket.destroy();
      return;
    }
    this.#refused++;
    const timer = setTimeout(() => socket.destroy(), refusalMs);
    socket.once("close", () => {
      this.#refused--;
      clearTimeout(timer);
    });
    // Read, so that he can write his request and then hears the answer; kept nowhere.
    let read = 0;
    socket.on("data", (bytes: Buffer) => {
      read += bytes.length;
      bytes.fill(0);
      if (read > refusalBytes) socket.destroy();
    });
    socket.once("end", () => socket.destroy());
    socket.end(refusal(this.options.path, peer));
  }
}

/** Whom the file's mode lets in without a group. */
const isOwner = ({ uid }: Peer): boolean => uid === 0 || uid === process.geteuid?.();

function refusal(path: string, peer: Peer | undefined): string {
  const error = new CloudtaserError("CONTROL_FORBIDDEN", { target: path, fields: { uid: peer?.uid ?? "unknown" } });
  const body = `${JSON.stringify({ error: errorToJson(error) } satisfies ErrorAnswer)}\n`;
  const head = [
    "HTTP/1.1 403 Forbidden",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${[...head, "connection: close", "", ""].join("\r\n")}${body}`;
}
