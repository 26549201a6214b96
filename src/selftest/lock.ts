// SPDX-License-Identifier: Apache-2.0
// One selftest at a time on a node: a socket that listens as long as we live, so that a dead one leaves nothing to judge.

import { mkdirSync, renameSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { CloudtaserError, reasonOf } from "../errors/index.js";

export const defaultLock = "/run/cloudtaser/selftest.lock";

const listens = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });

function bind(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else
        reject(
          new CloudtaserError("SOCKET_TAKEN", { target: path, fields: { reason: reasonOf(error) }, cause: error }),
        );
    });
    const before = process.umask(0o177);
    try {
      server.listen(path, () => resolve(server));
    } finally {
      process.umask(before);
    }
  });
}

/** Returns how to let go. Throws SELFTEST_RUNNING. */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  let server = await bind(path);
  if (server === undefined && !(await listens(path))) {
    // Of a dead one. Moved first: if somebody else has just replaced it, theirs is put back.
    const aside = `${path}.${process.pid}`;
    renameSync(path, aside);
    if (await listens(aside)) renameSync(aside, path);
    else rmSync(aside);
    server = await bind(path);
  }
  if (server === undefined) throw new CloudtaserError("SELFTEST_RUNNING", { target: path });
  const held = server;
  return () => new Promise((resolve) => held.close(() => resolve()));
}
