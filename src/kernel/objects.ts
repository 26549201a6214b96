// SPDX-License-Identifier: Apache-2.0
// BPF objects on disk: which one, and that it is the one that this agent was built with, or one that the configuration
// names by its digest. What is checked is what is loaded: a file is read once.
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { type ObjectName, objectDigests } from "./digests.gen.js";
import type { Form } from "./doors.js";
import type { BpfObject, Native } from "./native.js";
import { objectsPath } from "./paths.js";
import type { KernelFacts } from "./probe.js";

/** As configured. */
export interface ObjectSource {
  /** Of all objects; that of the installation if left out. */
  directory?: string | undefined;
  /** SHA-256 by file name, in place of those of this build. */
  digests?: { readonly [Name in ObjectName]?: string | undefined } | undefined;
}

export interface ObjectFile {
  path: string;
  /** SHA-256 that its contents must have, in lower case. */
  digest: string;
}

const objectNames = Object.keys(objectDigests) as ObjectName[];

/** Some ten times what an object has; a device or a log does not fill memory. */
const maxBytes = 32 * 1024 * 1024;

export function objectFile(name: ObjectName, { directory, digests }: ObjectSource = {}): ObjectFile {
  const digest = (digests?.[name] ?? objectDigests[name]).toLowerCase();
  return { path: join(directoryOf(directory ?? objectsPath()), name), digest };
}

/** Who names one object, as other agents take it, means where it lies: which of them is loaded depends on the kernel. */
const directoryOf = (path: string): string => (path.endsWith(".bpf.o") ? dirname(path) : path);

/** Names of those that are not to be of this build. */
export function foreignObjects({ digests = {} }: ObjectSource): ObjectName[] {
  return objectNames.filter((name) => objectFile(name, { digests }).digest !== objectDigests[name]);
}

/** No program can read what it judges by: neither by helper nor by the kernel's cast, which came with 6.2. */
export function lockedOut(
  native: Pick<Native, "kernelHasFunction">,
  { lockdown }: Pick<KernelFacts, "lockdown">,
): boolean {
  return lockdown === "confidentiality" && !native.kernelHasFunction("bpf_rdonly_cast");
}

/** The object that holds the doors. A lockdown to confidentiality takes away the helpers by which the usual ones read. */
export function doorsObject(form: Form, source?: ObjectSource, lockdown?: string): ObjectFile {
  if (form === "signal") return objectFile("cloudtaser-signal.bpf.o", source);
  return objectFile(lockdown === "confidentiality" ? "cloudtaser-typed.bpf.o" : "cloudtaser.bpf.o", source);
}

/** Contents of the file. Throws OBJECT_MISSING, OBJECT_DAMAGED where it cannot be read, or OBJECT_ALTERED. */
export function readObject({ path, digest }: ObjectFile): Buffer {
  const bytes = readWhole(path);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === digest) return bytes;
  throw new CloudtaserError("OBJECT_ALTERED", { target: path, fields: { found, wanted: digest } });
}

function readWhole(path: string): Buffer {
  let fd: number | undefined;
  try {
    // Not waiting for the other end of a pipe.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const info = fstatSync(fd);
    if (!info.isFile()) throw new Error("it is not a regular file");
    if (info.size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    return readFileSync(fd);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && ["ENOENT", "ENOTDIR"].includes(String(cause.code))) {
      throw new CloudtaserError("OBJECT_MISSING", { target: path, cause });
    }
    throw new CloudtaserError("OBJECT_DAMAGED", { target: path, fields: { reason: reasonOf(cause) }, cause });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** From contents that were checked. Throws OBJECT_DAMAGED. */
export function openObject(native: Native, path: string, bytes: Uint8Array, blueprints = false): BpfObject {
  try {
    return native.openObject(path, bytes, blueprints);
  } catch (cause) {
    throw new CloudtaserError("OBJECT_DAMAGED", { target: path, fields: { reason: reasonOf(cause) }, cause });
  }
}
