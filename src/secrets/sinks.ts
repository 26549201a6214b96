// SPDX-License-Identifier: Apache-2.0
// Where a secret may go, from what people write: ADDRESS/BITS:PORT, or the path of a file or unix socket.
import { statSync } from "node:fs";
import { type Destination, kernelDevice, nodeRoot, onNode, parseDestination } from "../config/index.js";
import { CloudtaserError, reasonOf } from "../errors/index.js";

export type SinkNetwork = Destination;

export interface SinkFile {
  ino: bigint;
  /** Kernel-internal dev_t. */
  dev: number;
}

export interface Sinks {
  networks: SinkNetwork[];
  files: SinkFile[];
}

/** Of one secret. */
export const maxSinks = 64;

const unusable = (target: string, reason: string, cause?: unknown): CloudtaserError =>
  new CloudtaserError("SINK_UNUSABLE", { target, fields: { reason }, cause });

function fileOf(path: string, root: string): SinkFile {
  let found: ReturnType<typeof statSync>;
  try {
    found = statSync(onNode(path, root), { bigint: true });
  } catch (cause) {
    throw unusable(path, reasonOf(cause), cause);
  }
  if (found.isDirectory()) throw unusable(path, "it is a directory");
  return { ino: BigInt(found.ino), dev: kernelDevice(BigInt(found.dev)) };
}

/** Throws SINK_UNUSABLE. Names are not looked up: whoever answers would decide. */
export function parseNetwork(text: string): SinkNetwork {
  const found = parseDestination(text);
  if (found !== undefined) return found;
  throw unusable(text, "it is neither an address with its port nor an absolute path");
}

function addSink(sinks: Sinks, text: string, root: string): void {
  if (text.includes("\0")) throw unusable(JSON.stringify(text), "it has a NUL in it");
  if (text.startsWith("@")) throw unusable(text, "an abstract unix address belongs to whoever binds it first");
  if (text.startsWith("/")) sinks.files.push(fileOf(text, root));
  else sinks.networks.push(parseNetwork(text));
}

/**
 * Paths are looked up now, and are those of the node: what lies there is allowed, by device and inode. Throws
 * SINK_UNUSABLE.
 */
export function resolveSinks(texts: readonly string[], root = nodeRoot()): Sinks {
  if (texts.length > maxSinks) throw unusable(`${texts.length} sinks`, `a secret takes at most ${maxSinks}`);
  const sinks: Sinks = { networks: [], files: [] };
  for (const text of texts) addSink(sinks, text, root);
  return sinks;
}

/** The same of what was resolved once, without what cannot be used any more, which is told by its text. */
export function usableSinks(texts: readonly string[], root = nodeRoot()): { sinks: Sinks; unusable: string[] } {
  const sinks: Sinks = { networks: [], files: [] };
  const unusable: string[] = [];
  for (const text of texts) {
    try {
      addSink(sinks, text, root);
    } catch {
      unusable.push(text);
    }
  }
  return { sinks, unusable };
}
