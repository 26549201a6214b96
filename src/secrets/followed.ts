// SPDX-License-Identifier: Apache-2.0
// The files and sockets that secrets may go to are known by inode. Who has the inode changes: a socket is made anew, a
// file is removed, or becomes a directory.
import { reasonOf } from "../errors/index.js";
import type { Log } from "../log/index.js";
import type { SecretEntry } from "./names.js";
import { type SinkFile, type Sinks, usableSinks } from "./sinks.js";

export interface FollowedParts {
  /** Whole or not at all. */
  setSinks(secret: SecretEntry, sinks: Sinks): void;
  /** Of the node's files, where it is another than that of process 1. */
  root?: string | undefined;
  log: Pick<Log, "warn">;
}

const textOf = ({ dev, ino }: SinkFile): string => `${dev}:${ino}`;
const isPath = (text: string): boolean => text.startsWith("/");

export class FollowedFiles {
  readonly #parts: FollowedParts;
  /** What the kernel was told last, as text, by number of the secret. */
  readonly #found = new Map<number, string>();
  /** Which files those are, of what the kernel took. */
  readonly #files = new Map<number, readonly SinkFile[]>();
  /** Why it could not be told, likewise: said once. */
  readonly #failed = new Map<number, string>();

  constructor(parts: FollowedParts) {
    this.#parts = parts;
  }

  forget(id: number): void {
    this.#found.delete(id);
    this.#files.delete(id);
    this.#failed.delete(id);
  }

  /** What is gone, or is nothing now that a secret can go to, is allowed no longer: its inode may be another's by now. */
  look(secret: SecretEntry): void {
    const { id, name, workload, allow } = secret;
    if (!allow.some(isPath)) return;
    const { log, root } = this.#parts;
    const { sinks, unusable } = usableSinks(allow, root);
    const found = [...sinks.files.map(textOf), ...unusable].join();
    const before = this.#found.get(id);
    if (found === before) return;
    try {
      this.#tell(secret, sinks);
    } catch (error) {
      this.#complain(secret, error);
      return;
    }
    this.#found.set(id, found);
    this.#files.set(id, sinks.files);
    this.#failed.delete(id);
    if (before === undefined && unusable.length === 0) return;
    log.warn("a file that a secret may go to is another one now, or gone", { name, workload, unusable });
  }

  /** Where a full table has no room for the new ones beside the old: at least what is not meant any more goes. */
  #tell(secret: SecretEntry, sinks: Sinks): void {
    const { setSinks } = this.#parts;
    try {
      setSinks(secret, sinks);
    } catch {
      const before = new Set(this.#files.get(secret.id)?.map(textOf));
      const kept = sinks.files.filter((file) => before.has(textOf(file)));
      setSinks(secret, { ...sinks, files: kept });
      this.#files.set(secret.id, kept);
      setSinks(secret, sinks);
    }
  }

  #complain({ id, name, workload }: SecretEntry, error: unknown): void {
    const reason = reasonOf(error);
    if (this.#failed.get(id) === reason) return;
    this.#failed.set(id, reason);
    this.#parts.log.warn("what a secret may go to cannot be brought up to date", { name, workload, reason });
  }
}
