// SPDX-License-Identifier: Apache-2.0
// The identity by which the kernel side knows an executable: device and inode, never the path.

import { statSync } from "node:fs";
import { CloudtaserError, reasonOf } from "../errors/index.js";

export interface ExecutableIdentity {
  /** Kernel-internal dev_t: major << 20 | minor. */
  exeDev: number;
  exeIno: bigint;
}

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
    return { exeDev: kernelDevice(info.dev), exeIno: info.ino };
  } catch (cause) {
    throw new CloudtaserError("ALLOW_EXE_UNUSABLE", { target: path, fields: { reason: reasonOf(cause) }, cause });
  }
}
