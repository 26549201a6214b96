// SPDX-License-Identifier: Apache-2.0
// In a container the agent runs from a copy of its executable that lies on the node (native/launch). When the image brings
// another one, the running agent, whom the guards know, puts it in place and tells them: it comes into use at the next start.

import { constants, renameSync } from "node:fs";
import { chmod, copyFile, open, rm, stat } from "node:fs/promises";
import { digestSlowly } from "../config/index.js";
import type { Log } from "../log/index.js";

export interface ExecutableParts {
  /** What the image has, as the launcher tells it; undefined outside an image. */
  image?: string | undefined;
  /** What this process runs. */
  running?: string;
  /** Is told which executable the next agent has. */
  kernel: { introduce(): void };
  /** The agent is to end: its guards know what runs now as the next agent, and that is to stay so. */
  stopping: () => boolean;
  log: Log;
}

/** Most are told apart by their size. */
async function isSame(one: string, other: string): Promise<boolean> {
  if ((await stat(one)).size !== (await stat(other)).size) return false;
  return (await digestSlowly(one)) === (await digestSlowly(other));
}

/** On the disk when it resolves. Throws what the file system throws, with some of it written. */
async function copyWhole(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await copyFile(from, to, constants.COPYFILE_EXCL);
  await chmod(to, 0o755);
  const file = await open(to, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Never throws: the old one goes on to work. Resolves with whether it was renewed. */
export async function renewExecutable(parts: ExecutableParts): Promise<boolean> {
  const {
    image = process.env["CLOUDTASER_IMAGE_EXECUTABLE"],
    running = process.execPath,
    kernel,
    stopping,
    log,
  } = parts;
  if (image === undefined || image === running) return false;
  const unfinished = `${running}.new`;
  try {
    if (await isSame(image, running)) return false;
    await copyWhole(image, unfinished);
    if (stopping()) return false;
    // One step: an agent that ended in between would leave an executable that the standing guards do not know.
    renameSync(unfinished, running);
    kernel.introduce();
    log.info("the executable of the image comes into use at the next start", { image, running });
    return true;
  } catch (error) {
    log.warn("the executable of the image could not be put in place", { image, running, error });
    return false;
  } finally {
    // A hundred megabytes, in the directory where the agent keeps what it must be able to write.
    await rm(unfinished, { force: true }).catch((error: unknown) => {
      log.warn("a copy of an executable that was not put in place is left", { path: unfinished, error });
    });
  }
}
