// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a unix socket, as the kernel says, and whether they may control the agent. The socket's mode is
// the first lock; this is the second, for when somebody widens the mode or hands a connected socket on.

import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { Native } from "../kernel/native.js";
import type { Peer } from "./protocol.js";

export type PeerCredentials = Pick<Native, "peerCredentials">;

/** Node has no public way to a socket's descriptor; undefined once it is closed. */
function descriptorOf(socket: Socket): number | undefined {
  const handle = (socket as { _handle?: { fd?: unknown } | null })._handle;
  return typeof handle?.fd === "number" && handle.fd >= 0 ? handle.fd : undefined;
}

/** For a client's socket: the process that listens. undefined if the socket is gone. */
export function peerOf(socket: Socket, native: PeerCredentials): Peer | undefined {
  const fd = descriptorOf(socket);
  if (fd === undefined) return undefined;
  try {
    return native.peerCredentials(fd);
  } catch {
    return undefined;
  }
}

/** Supplementary groups; [] if the process is gone or not to be seen from here. */
function groupsOf(pid: number): number[] {
  if (pid <= 0) return [];
  try {
    const line = readFileSync(`/proc/${pid}/status`, "utf8").match(/^Groups:\t(.*)$/m)?.[1] ?? "";
    return line.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Root, the agent's own user, or a member of the group. */
export function mayControl(peer: Peer, gid: number | undefined): boolean {
  if (peer.uid === 0 || peer.uid === process.geteuid?.()) return true;
  return gid !== undefined && (peer.gid === gid || groupsOf(peer.pid).includes(gid));
}
