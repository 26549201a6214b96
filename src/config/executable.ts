// SPDX-License-Identifier: Apache-2.0
// The identity by which the kernel side knows an executable: device, inode and change time, never the path. Whoever
// writes to a file changes its change time, which no call sets back; the digest says whether the contents are the same.

import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { CloudtaserError, reasonOf } from "../errors/index.js";

export interface ExecutableIdentity {
  /** Kernel-internal dev_t: major << 20 | minor. */
  exeDev: number;
  exeIno: bigint;
  ctimeSec: bigint;
  ctimeNsec: number;
  size: bigint;
}

export const sameFile = (one: ExecutableIdentity, other: ExecutableIdentity): boolean =>
  one.exeDev === other.exeDev &&
  one.exeIno === other.exeIno &&
  one.ctimeSec === other.ctimeSec &&
  one.ctimeNsec === other.ctimeNsec &&
  one.size === other.size;

/** The kernel-internal dev_t of a user-space st_dev, whose bits are spread otherwise. */
export function kernelDevice(stDev: bigint): number {
  const major = ((stDev >> 8n) & 0xfffn) | ((stDev >> 32n) & ~0xfffn & 0xffffffffn);
  const minor = (stDev & 0xffn) | ((stDev >> 12n) & ~0xffn & 0xffffffffn);
  return Number(((major << 20n) | (minor & 0xfffffn)) & 0xffffffffn);
}

/** Follows symbolic links. Throws ALLOW_EXE_UNUSABLE if it is missing or not a regular file. On file systems that show one device
 *  to stat and another inside the kernel (btrfs subvolumes, overlayfs) the identity matches nothing, which denies. */
export function resolveExecutable(path: string): ExecutableIdentity {
  try {
    const info = statSync(path, { bigint: true });
    if (!info.isFile()) throw new Error("it is not a regular file");
    return {
      exeDev: kernelDevice(info.dev),
      exeIno: info.ino,
      ctimeSec: info.ctimeNs / 1_000_000_000n,
      ctimeNsec: Number(info.ctimeNs % 1_000_000_000n),
      size: info.size,
    };
  } catch (cause) {
    throw new CloudtaserError("ALLOW_EXE_UNUSABLE", { target: path, fields: { reason: reasonOf(cause) }, cause });
  }
}

/** SHA-256 of a file, lower-case hexadecimal, without holding up the event loop. Throws what the file system throws. */
export async function digestSlowly(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const block of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(block as Buffer);
  return hash.digest("hex");
}
