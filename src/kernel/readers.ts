// SPDX-License-Identifier: Apache-2.0
// What a BPF program of a type that anybody may load (a socket filter, say) can call to read memory at any address, or to
// send a signal, and by which number: the distance of a function from the kernel's __bpf_call_base, as the verifier leaves
// it in the finished program. The kernel's own symbols tell, once a boot. See bpf/guards/bpf_finished.h.
import { createReadStream } from "node:fs";
import type { BpfMap } from "./native.js";

const symbols = "/proc/kallsyms";
const base = "__bpf_call_base";

/** What copies, compares or prints memory, shows stacks, sends signals, and what hands out tasks, whose fields can be read. */
const reading = [
  /^bpf_(?:trace_v?printk|stream_v?printk\w*|snprintf\w*|probe_read_\w+|copy_from_user\w*|dynptr_from_file\w*)$/,
  /^bpf_(?:str(?!tol$|toul$|ncmp$|uct_|eam_)\w+|send_signal\w*|task_work_schedule\w*)$/,
  /^bpf_(?:get_task_stack\w*|get_branch_snapshot|get_current_task_btf|task_from_v?pid|task_acquire|iter_(?:css_)?task\w*)$/,
];

/** Key of the entry that says that the kernel's symbols were read: no function is where calls are counted from. */
const complete = 0;

function number32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value);
  return buffer;
}

/** Collects what it is given of the kernel's list of symbols, in pieces of any length. */
export class ReadingCalls {
  #rest = "";
  #base: bigint | undefined;
  readonly #functions = new Set<bigint>();

  add(piece: string): void {
    const text = this.#rest + piece;
    const end = text.lastIndexOf("\n") + 1;
    this.#rest = text.slice(end);
    for (const [, address = "", name = ""] of text.slice(0, end).matchAll(/^([0-9a-f]+) [tT] (_?_?bpf_\w+)$/gm)) {
      if (name === base) this.#base = BigInt(`0x${address}`);
      else if (reading.some((names) => names.test(name))) this.#functions.add(BigInt(`0x${address}`));
    }
  }

  /** Immediates of such calls; undefined if the kernel shows no addresses. */
  get calls(): number[] | undefined {
    const from = this.#base;
    if (from === undefined || from === 0n || this.#functions.size === 0) return undefined;
    return [...this.#functions].map((address) => Number(BigInt.asIntN(32, address - from)));
  }
}

async function callsOf(path: string): Promise<number[] | undefined> {
  const found = new ReadingCalls();
  try {
    for await (const piece of createReadStream(path, { encoding: "latin1", highWaterMark: 1 << 20 }))
      found.add(piece as string);
  } catch {
    return undefined;
  }
  return found.calls;
}

/**
 * Fills the map, unless an earlier agent has since the last boot. False: the kernel shows its symbols to nobody
 * (kernel.kptr_restrict is 2), or not to us (no CAP_SYSLOG), or there are more than the map takes: some calls are not seen.
 */
export async function knowReaders(map: BpfMap, path = symbols): Promise<boolean> {
  if (map.lookup(number32(complete)) !== undefined) return true;
  const calls = await callsOf(path);
  if (calls === undefined) return false;
  try {
    for (const call of [...calls, complete]) map.update(number32(call), number32(1));
  } catch {
    return false;
  }
  return true;
}
