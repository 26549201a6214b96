// SPDX-License-Identifier: Apache-2.0
// What was open before protection began: one look over every process's descriptors and the defined uprobes. Only links
// are read and memfds are asked for their number; nothing takes a lock that another process can hold, and the work is
// bounded. Descriptors that a thread keeps apart from its process are not seen.
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

/** Links of one look. */
const maxLinks = 100_000;

/** Processes of whom nothing else waits for the look at them. */
const atOnce = 50;

/** Sentences of one kind. */
const maxOfKind = 8;

/** Captures the process and which of its files. */
export const ofMemory =
  /\/(\d+)(?:\/task\/\d+)?\/(mem|environ|maps|smaps|smaps_rollup|numa_maps|pagemap|auxv|stack|syscall)$/;

export interface Procfs {
  list(path: string): string[];
  link(path: string): string;
  /** Device and inode of what the link leads to. */
  file(path: string): string;
  read(path: string): string;
}

export const procfs: Procfs = {
  list: (path) => readdirSync(path),
  link: (path) => readlinkSync(path),
  file: (path) => {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  },
  read: (path) => readFileSync(path, "utf8"),
};

function attempt<Result>(read: () => Result, otherwise: Result): Result {
  try {
    return read();
  } catch {
    return otherwise; // the process or the descriptor is gone
  }
}

/**
 * Warnings about what others have open of these processes, and what these have open that others may share. One look for
 * many workloads, since it goes over the whole node.
 * @param workloads processes of each; those of one may have what they like open of each other
 */
export async function lookAround(
  workloads: readonly (readonly number[])[],
  self: number,
  proc: Procfs = procfs,
): Promise<string[]> {
  const members = new Map(workloads.flatMap((pids, index) => pids.map((pid) => [pid, index])));
  const pids = [...members.keys()];
  const warnings = new Warnings();
  const memfds = new Map<string, number>();
  let rings = false;
  let left = maxLinks;
  for (const [index, pid] of pids.entries()) {
    if (index % atOnce === atOnce - 1) await setImmediate();
    for (const [path, to] of linksOf(proc, `/proc/${pid}/fd`)) {
      if (to.startsWith("/memfd:"))
        memfds.set(
          attempt(() => proc.file(path), path),
          pid,
        );
      if (to === "anon_inode:[io_uring]") {
        rings = true;
        warnings.add("ring", `process ${pid} has an io_uring ring, whose requests ask the guards as it does`);
      }
    }
  }
  for (const pid of numbersIn(proc, "/proc")) {
    const own = members.get(pid);
    if (pid === self || (own !== undefined && workloads.length === 1)) continue;
    const concerns = (owner: number): boolean =>
      members.has(owner) && (own === undefined || members.get(owner) !== own);
    await setImmediate();
    for (const [path, to] of linksOf(proc, `/proc/${pid}/fd`)) {
      if (--left < 0) break;
      const file = ofMemory.exec(to);
      if (file && concerns(Number(file[1]))) {
        warnings.add(
          "proc",
          `process ${pid} has ${file[2]} of process ${file[1]} open; reading it is refused from now on`,
        );
      } else if (to === "anon_inode:[perf_event]" && own === undefined) {
        warnings.add("perf", `process ${pid} has perf events open, of which nobody can tell whom they watch`);
      } else if (rings && to === "anon_inode:[io_uring]" && own === undefined) {
        warnings.add("ring", `process ${pid} has an io_uring ring too, which may be a shared one`);
      } else if (memfds.size > 0 && to.startsWith("/memfd:")) {
        const owner = memfds.get(attempt(() => proc.file(path), ""));
        if (owner !== undefined && concerns(owner))
          warnings.add("memfd", `process ${pid} has a memfd of process ${owner} open`);
      }
    }
  }
  for (const sentence of uprobes(proc, pids)) warnings.add("uprobe", sentence);
  if (left < 0) warnings.add("bound", `only the first ${maxLinks} descriptors on the node were looked at`);
  return warnings.all;
}

/** Processes below /proc, or threads below /proc/PID/task, in ascending order. */
export const numbersIn = (proc: Procfs, path: string): number[] =>
  attempt(() => proc.list(path), [])
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((one, other) => one - other);

/** Path of each descriptor in that table, and what its link says. */
export function* linksOf(proc: Procfs, table: string): Generator<[string, string]> {
  for (const name of attempt(() => proc.list(table), [])) {
    const path = `${table}/${name}`;
    const to = attempt(() => proc.link(path), "");
    if (to !== "") yield [path, to];
  }
}

/** A library's uprobe cannot be told from others: which files a process maps is not read, since it can hold that lock. */
function uprobes(proc: Procfs, pids: readonly number[]): string[] {
  const text = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]
    .map((directory) => attempt(() => proc.read(`${directory}/uprobe_events`), ""))
    .find((found) => found !== "");
  const files = [...(text ?? "").matchAll(/^[pr]\d*:\S+ (\/.*):0x[0-9a-f]+/gm)].map((match) => match[1] ?? "");
  const programs = new Map(pids.map((pid) => [attempt(() => proc.file(`/proc/${pid}/exe`), `${pid}`), pid]));
  return [...new Set(files)].map((file) => {
    const pid = programs.get(attempt(() => proc.file(file), ""));
    return pid === undefined
      ? `a uprobe is defined on ${file}, which these processes may have mapped`
      : `a uprobe is defined on the executable of process ${pid}`;
  });
}

class Warnings {
  readonly #byKind = new Map<string, Set<string>>();

  add(kind: string, sentence: string): void {
    const known = this.#byKind.get(kind) ?? new Set();
    this.#byKind.set(kind, known.add(sentence));
  }

  get all(): string[] {
    return [...this.#byKind].flatMap(([, sentences]) => {
      const more = sentences.size - maxOfKind;
      return [...[...sentences].slice(0, maxOfKind), ...(more > 0 ? [`… and ${more} more of that kind`] : [])];
    });
  }
}
