// SPDX-License-Identifier: Apache-2.0
// Kernel records of made-up attacks, and a pipeline over them as the agent has it, with a process table of its own.

import { Chain } from "../../src/evidence/index.js";
import * as abi from "../../src/kernel/abi.gen.js";
import {
  abiNames,
  createBootClock,
  createFacts,
  createPipeline,
  type Pipeline,
  type ProcReader,
  type Publish,
} from "../../src/pipeline/index.js";

/** What one wake-up of the event loop takes from the ring. */
export const batch = 64;

/** Attackers and targets that there are. */
const attackers = 128;
const targets = 16;
const ticks = 10_000_000n;
const container = "4f".repeat(32);

const parentOf = (pid: number): number => (pid > 5000 ? 400 : pid > 1 ? 1 : 0);

/** A process table that always answers: what is measured is the agent, and procfs is asked once for each process. */
const reader: ProcReader = {
  stat: (pid) => ({ comm: pid > 5000 ? "gdb" : "bash", ppid: parentOf(pid), startTicks: pid > 5000 ? 700n : 1n }),
  exePath: (pid) => (pid > 5000 ? "/usr/bin/gdb" : "/usr/lib/systemd/systemd"),
  cgroupPath: (pid) => `/kubepods.slice/kubepods-pod${pid}.slice/cri-containerd-${container}.scope`,
  cgroupId: () => 77n,
  users: () => "root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n",
};

const vectors = [
  [abi.Vector.ptrace_attach, abi.Door.ptrace_access_check, 101],
  [abi.Vector.process_vm_read, abi.Door.ptrace_access_check, 310],
  [abi.Vector.procmem_read, abi.Door.file_open, 257],
  [abi.Vector.environ_read, abi.Door.file_open, 257],
] as const;

function putIdentity(into: Buffer, at: number, pid: number, comm: string): void {
  into.writeBigUInt64LE(700n * ticks, at);
  into.writeBigUInt64LE(77n, at + 8);
  into.writeBigUInt64LE(131_077n, at + 16);
  into.writeUInt32LE((8 << 20) | 1, at + 24);
  into.writeUInt32LE(pid, at + 28);
  into.writeUInt32LE(pid, at + 32);
  into.writeUInt32LE(parentOf(pid), at + 36);
  into.writeUInt32LE(1000, at + 40);
  into.writeUInt32LE(1, at + 44);
  into.write(comm, at + 48, "latin1");
}

/** Records as the ring carries them, each of another time, attacker, target and vector. */
export function makeRecords(count: number): Buffer {
  const records = Buffer.alloc(count * abi.EventSize);
  for (let index = 0; index < count; index++) {
    const at = index * abi.EventSize;
    const [vector, door, syscall] = vectors[index % vectors.length] ?? vectors[0];
    records.writeBigUInt64LE(BigInt(Math.round(performance.now() * 1e6) + index), at);
    records.writeBigUInt64LE(0x12n, at + 8);
    putIdentity(records, at + 40, 6000 + (index % attackers), "gdb");
    putIdentity(records, at + 104, 5001 + (index % targets), "payments");
    records.writeInt32LE(syscall, at + 232);
    records.writeInt32LE(-1, at + 236);
    records.writeUInt16LE(1, at + 240);
    records.writeUInt16LE(vector, at + 242);
    records.writeUInt16LE(door, at + 244);
    records.writeUInt8(abi.Outcome.denied, at + 246);
    records.writeUInt8(abi.EventFlag.has_target, at + 247);
  }
  return records;
}

export function makePipeline(publish: Publish, chain = new Chain()): Pipeline {
  return createPipeline(
    {
      sequence: chain,
      abi: abiNames(abi),
      node: "bench-node",
      boot: "01234567-89ab-4cde-8f01-23456789abcd",
      clock: createBootClock(),
      facts: createFacts(reader, { budgetPerSecond: 1_000_000 }),
      workloadOf: () => "payments",
      secretOf: () => undefined,
      modeOf: () => "enforce",
      kill: () => false,
    },
    publish,
  );
}

/** One wake-up: so many records from a place in the buffer, decoded and processed. */
export function wake(pipeline: Pipeline, records: Buffer, from: number, count = batch): void {
  const events: abi.Event[] = [];
  for (let index = 0; index < count; index++) events.push(abi.decodeEvent(records, (from + index) * abi.EventSize));
  pipeline.process(events);
}
