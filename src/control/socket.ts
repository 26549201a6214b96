// SPDX-License-Identifier: Apache-2.0
// Takes the path of the control socket: makes its directory, removes what a dead agent left, refuses to push a live one aside.
// Later it looks whether the path still leads here, and takes it back if it does not.

import { randomBytes } from "node:crypto";
import { lstatSync, readFileSync, unlinkSync } from "node:fs";
import { chmod, chown, link, lstat, mkdir, rename, unlink } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { basename, dirname, join } from "node:path";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { type PeerCredentials, peerOf } from "./peer.js";
import type { Peer } from "./protocol.js";

/** Longest path that fits sockaddr_un with its final zero. */
const maxPath = 107;

const probeTimeoutMs = 2_000;

/** Id of a group of this machine. Only /etc/group: a directory service may not be reachable when the agent starts. */
export function groupId(name: string, file = "/etc/group"): number {
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const [group, , gid] = line.split(":");
    if (group === name && gid !== undefined) return Number(gid);
  }
  throw new CloudtaserError("GROUP_UNKNOWN", { target: name });
}

function taken(path: string, reason: string, cause?: unknown): CloudtaserError {
  return new CloudtaserError("SOCKET_TAKEN", { target: path, fields: { reason }, cause });
}

/** free: nobody listens. gone: there is nothing. unknown: somebody may listen, and the kernel did not say who. */
type Listener = { state: "free" | "gone" } | { state: "live"; peer: Peer | undefined } | Unknown;
type Unknown = { state: "unknown"; reason: string; cause?: unknown };

/** The kernel knows who listens, even if that process is too busy to say. */
function listenerAt(path: string, native: PeerCredentials): Promise<Listener> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (found: Listener): void => {
      socket.destroy();
      resolve(found);
    };
    socket.setTimeout(probeTimeoutMs, () =>
      settle({ state: "unknown", reason: "something holds it and does not answer" }),
    );
    socket.once("connect", () => settle({ state: "live", peer: peerOf(socket, native) }));
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ECONNREFUSED") settle({ state: "free" });
      else if (cause.code === "ENOENT") settle({ state: "gone" });
      else settle({ state: "unknown", reason: reasonOf(cause), cause });
    });
  });
}

/** The file at a path. Its inode may be used again once it is gone. */
interface File {
  dev: bigint;
  ino: bigint;
  isSocket: boolean;
}

async function fileAt(path: string): Promise<File | undefined> {
  try {
    const found = await lstat(path, { bigint: true });
    return { dev: found.dev, ino: found.ino, isSocket: found.isSocket() };
  } catch {
    return undefined; // what keeps it from being seen keeps a new one from being made, and is told then
  }
}

/** What was at the path in place of the agent's own socket. */
export interface Replaced {
  found: "nothing" | "no socket" | "a socket that nobody listens at" | "a socket of another process" | "a socket";
  /** Who listens there, as the kernel says. */
  peer: Peer | undefined;
  /** Where that is now. */
  movedTo: string | undefined;
  /** Why the agent cannot be reached at the path; "" if it can again. */
  problem: string;
}

export interface PlaceOptions {
  path: string;
  gid: number | undefined;
  native: PeerCredentials;
}

export class Place {
  readonly #server: Server;
  readonly #options: PlaceOptions;
  #own: File | undefined;
  #left = false;

  constructor(server: Server, options: PlaceOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** Listens at the path; mode 0600, or 0660 with the group. */
  async take(): Promise<void> {
    const { path } = this.#options;
    if (Buffer.byteLength(path) > maxPath) throw taken(path, `its path is longer than ${maxPath} bytes`);
    try {
      await this.#clear();
      await this.#serve();
    } catch (error) {
      if (error instanceof CloudtaserError) throw error;
      throw taken(path, reasonOf(error), error);
    }
  }

  /** undefined: the path leads here. Else what was there is moved aside, never removed, and the agent listens there anew. */
  async look(): Promise<Replaced | undefined> {
    const { path } = this.#options;
    const file = await fileAt(path);
    if (this.#left || (await this.#isOwn(file))) return undefined;
    const { found, peer } = await this.#describe(file);
    let movedTo: string | undefined;
    try {
      if (file !== undefined) {
        const aside = `${path}.replaced`;
        const free = (await fileAt(aside)) === undefined ? aside : `${aside}-${randomBytes(4).toString("hex")}`;
        await rename(path, free);
        movedTo = free;
      }
      await this.#serve();
      return { found, peer, movedTo, problem: "" };
    } catch (error) {
      return { found, peer, movedTo, problem: reasonOf(error) };
    }
  }

  /** Removes the socket if it is still the agent's own; what somebody else put there stays. */
  leave(): void {
    this.#left = true;
    try {
      const { dev, ino } = lstatSync(this.#options.path, { bigint: true });
      if (dev === this.#own?.dev && ino === this.#own.ino) unlinkSync(this.#options.path);
    } catch {
      // It is gone already.
    }
  }

  async #clear(): Promise<void> {
    const { path, native } = this.#options;
    const file = await fileAt(path);
    if (file === undefined) return;
    if (!file.isSocket) throw taken(path, "there is something else than a socket");
    const listener = await listenerAt(path, native);
    if (listener.state === "unknown") throw taken(path, listener.reason, listener.cause);
    if (listener.state === "live") {
      throw new CloudtaserError("AGENT_RUNNING", { target: path, fields: { pid: listener.peer?.pid ?? "unknown" } });
    }
    if (listener.state === "free") await unlink(path);
  }

  async #isOwn(file: File | undefined): Promise<boolean> {
    const own = this.#own;
    if (file === undefined || own === undefined || file.dev !== own.dev || file.ino !== own.ino) return false;
    // Somebody may have made another in its place that got the same inode, or put his own there as this one was made.
    const listener = await listenerAt(this.#options.path, this.#options.native);
    if (listener.state === "unknown") return true; // a queue that is full says nothing: the next look does
    return listener.state === "live" && listener.peer?.pid === process.pid;
  }

  async #describe(file: File | undefined): Promise<Pick<Replaced, "found" | "peer">> {
    const { path, native } = this.#options;
    if (file === undefined) return { found: "nothing", peer: undefined };
    if (!file.isSocket) return { found: "no socket", peer: undefined };
    const listener = await listenerAt(path, native);
    if (listener.state === "live") return { found: "a socket of another process", peer: listener.peer };
    return { found: listener.state === "unknown" ? "a socket" : "a socket that nobody listens at", peer: undefined };
  }

  /** Under a name of its own first: closing the server removes what has the name that it was given, whoever made that. The link
   *  fails if there is something at the path by then. */
  async #serve(): Promise<void> {
    const { path, gid } = this.#options;
    const directory = dirname(path);
    await mkdir(directory, { recursive: true, mode: 0o755 });
    // No longer than the path itself, which fits.
    const { length } = basename(path);
    const draft = join(directory, randomBytes(length).toString("hex").slice(0, length));
    if (this.#left) return;
    if (this.#server.listening) this.#server.close();
    this.#own = undefined;
    await bind(this.#server, draft);
    let made: File | undefined;
    try {
      if (gid !== undefined) {
        await chown(draft, -1, gid);
        await chmod(draft, 0o660);
      }
      made = await fileAt(draft);
      await link(draft, path);
    } finally {
      await unlink(draft);
    }
    // What somebody has put there meanwhile is the next look's.
    const there = await fileAt(path);
    if (there?.dev === made?.dev && there?.ino === made?.ino) this.#own = there;
    if (this.#left) this.leave();
  }
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Node binds before listen() returns, so that there is no moment in which others could connect.
    const before = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}
