// SPDX-License-Identifier: Apache-2.0
// Takes the path of the control socket: makes its directory, removes what a dead agent left, refuses to push a live one aside.

import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { type PeerCredentials, peerOf } from "./peer.js";

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

/** "free": nobody listens. Throws AGENT_RUNNING if somebody does. */
function probe(path: string, native: PeerCredentials): Promise<"free" | "gone"> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(probeTimeoutMs, () =>
      settle(() => reject(taken(path, "something holds it and does not answer"))),
    );
    const settle = (end: () => void): void => {
      socket.destroy();
      end();
    };
    socket.once("connect", () => {
      // The kernel knows who listens, even if that process is too busy to say.
      const pid = peerOf(socket, native)?.pid ?? "unknown";
      settle(() => reject(new CloudtaserError("AGENT_RUNNING", { target: path, fields: { pid } })));
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") settle(() => resolve("free"));
      else if (error.code === "ENOENT") settle(() => resolve("gone"));
      else settle(() => reject(taken(path, reasonOf(error), error)));
    });
  });
}

async function clear(path: string, native: PeerCredentials): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw taken(path, "there is something else than a socket");
  if ((await probe(path, native)) === "free") unlinkSync(path);
}

/** Listens at the path; mode 0600, or 0660 with the group. */
export async function listenAt(
  server: Server,
  { path, gid, native }: { path: string; gid: number | undefined; native: PeerCredentials },
): Promise<void> {
  if (Buffer.byteLength(path) > maxPath) throw taken(path, `its path is longer than ${maxPath} bytes`);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    await clear(path, native);
    await bind(server, path);
    if (gid !== undefined) {
      chownSync(path, -1, gid);
      chmodSync(path, 0o660);
    }
  } catch (error) {
    if (error instanceof CloudtaserError) throw error;
    throw taken(path, reasonOf(error), error);
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
