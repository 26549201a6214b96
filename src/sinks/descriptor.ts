// SPDX-License-Identifier: Apache-2.0
// Writers on descriptors. A write goes through the thread pool, so that a slow disk does not stop the agent.

import { closeSync, constants, fstatSync, openSync, write } from "node:fs";
import { Socket } from "node:net";
import type { Writer } from "./sink.js";

export function descriptorWriter(fd: number, close: () => void): Writer {
  let open = true;
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        write(fd, bytes, (error, taken) => (error ? reject(error) : resolve(taken)));
      }),
    close() {
      if (!open) return;
      open = false;
      try {
        close();
      } catch {
        // What a disk says then (EIO, EDQUOT): the descriptor is gone all the same, and its number may be another's by now.
      }
    },
  };
}

function socketWriter(fd: number): Writer {
  const socket = new Socket({ fd, readable: false, writable: true });
  let failure: Error | undefined;
  socket.on("error", (error) => {
    failure = error;
  });
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) reject(failure);
        else socket.write(bytes, (error) => (error ? reject(error) : resolve(bytes.length)));
      }),
    close: () => socket.unref(),
  };
}

/** A writer on a descriptor that is shared with other processes (standard output). Pipes and terminals are opened anew without
 *  blocking: a reader that stopped reading must not hold up the agent, and the shared descriptor must not change for others. */
export function sharedWriter(fd: number): Writer {
  const info = fstatSync(fd);
  if (info.isSocket()) return socketWriter(fd);
  if (info.isFIFO() || info.isCharacterDevice()) {
    try {
      const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      return descriptorWriter(own, () => closeSync(own));
    } catch {
      // A terminal of another user: write to it as it is.
    }
  }
  return descriptorWriter(fd, () => undefined);
}
