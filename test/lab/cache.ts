// SPDX-License-Identifier: Apache-2.0
// The lab's cache outside the tree: kernels, root file systems, small built things. Each entry is a folder that
// appears whole or not at all, and is built by one process at a time.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { createConnection, createServer, type Server } from "node:net";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { say } from "./host.js";

export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  if (env["CLOUDTASER_CACHE"]) return env["CLOUDTASER_CACHE"];
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "cloudtaser");
}

export function shortHash(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, 12);
}

/** The folder of a cache entry; `build` fills a temporary folder beside it first if it is not there yet. */
export async function cached(entry: string, build: (dir: string) => Promise<void>): Promise<string> {
  const dir = join(cacheRoot(), entry);
  if (existsSync(dir)) return dir;
  await mkdir(dirname(dir), { recursive: true });
  const release = await lock(dir);
  try {
    if (existsSync(dir)) return dir;
    const unfinished = `${dir}.${process.pid}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished);
    try {
      await build(unfinished);
      await rename(unfinished, dir);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    return dir;
  } finally {
    release();
  }
}

// An abstract unix socket is the lock: the kernel drops it with its owner however that ends, so there is no stale
// lock to judge, and a waiter learns of the release because its connection closes.
async function lock(path: string): Promise<() => void> {
  const name = `\0cloudtaser-lab-${shortHash(path)}`;
  for (let told = false; ; told = true) {
    const server = await listen(name);
    if (server) {
      const waiters = new Set<{ destroy(): void }>();
      server.on("connection", (socket) => {
        waiters.add(socket);
        socket.on("error", () => socket.destroy()).on("close", () => waiters.delete(socket));
      });
      return () => {
        server.close();
        for (const socket of waiters) socket.destroy();
      };
    }
    if (!told) say(`waiting for another run that is making ${path}`);
    await closedByOwner(name);
  }
}

function listen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => resolve(server));
  });
}

function closedByOwner(name: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = createConnection(name);
    socket.on("error", () => socket.destroy());
    socket.on("data", () => undefined);
    // A pause, because between its close and our next attempt another waiter may hold the name.
    socket.on("close", () => setTimeout(resolve, 50));
  });
}
