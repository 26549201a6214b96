// SPDX-License-Identifier: Apache-2.0
// Whoever reaches the listener may open as many connections as he likes and say nothing: he shuts out himself alone, never
// the kubelet's probes or who scrapes.
import type { Server } from "node:http";
import type { Socket } from "node:net";

const mostOfOne = 8;
const mostOfAll = 64;

/** Of too many, the oldest of the address that has most is dropped. */
export function limitConnections(server: Server): void {
  const byAddress = new Map<string, Set<Socket>>();
  let all = 0;
  const largest = (): Set<Socket> | undefined =>
    [...byAddress.values()].reduce<Set<Socket> | undefined>((a, b) => (a && a.size >= b.size ? a : b), undefined);
  const drop = (sockets: Set<Socket> | undefined): void => {
    const [oldest] = sockets ?? [];
    oldest?.destroy();
    if (oldest) forget(oldest);
  };
  const addresses = new WeakMap<Socket, string>();
  const forget = (socket: Socket): void => {
    const address = addresses.get(socket) ?? "";
    const sockets = byAddress.get(address);
    if (!sockets?.delete(socket)) return;
    all--;
    if (sockets.size === 0) byAddress.delete(address);
  };
  server.on("connection", (socket) => {
    const address = socket.remoteAddress ?? "";
    addresses.set(socket, address);
    const sockets = byAddress.get(address) ?? new Set();
    byAddress.set(address, sockets.add(socket));
    all++;
    socket.once("close", () => forget(socket));
    if (sockets.size > mostOfOne) drop(sockets);
    else if (all > mostOfAll) drop(largest());
  });
}
