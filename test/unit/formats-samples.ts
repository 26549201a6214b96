// SPDX-License-Identifier: Apache-2.0
// One event for each vector, each outcome and each thing that the agent says of itself, made by the pipeline from kernel records:
// what the formats' tests run over, and what their golden files hold.

import { Chain } from "../../src/evidence/index.js";
import type { AnyEvent, NoticeType } from "../../src/formats/index.js";
import { noticeTypes } from "../../src/formats/index.js";
import * as abi from "../../src/kernel/abi.gen.js";
import {
  abiNames,
  createFacts,
  createPipeline,
  type DecodedEvent,
  type Notice,
  type ProcReader,
} from "../../src/pipeline/index.js";
import { type ArgumentForm, type VectorName, vectorEntry, vectorNames } from "../../src/vectors/index.js";

const hex = "0123456789abcdef".repeat(4);

/** Names that end a field, a line or a frame in one format or another. */
const hostileName = 'a|b=c\\d\t"e\n';
const hostilePath = '/tmp/x y=|\u202e\u{1f600}^\u001b[2J"\\n\r\n';

const comms: Record<number, string> = { 500: "gdb", 400: "bash", 300: "sshd", 1: "systemd", 900: "payments" };
const parents: Record<number, number> = { 500: 400, 400: 300, 300: 1, 1: 0, 900: 1 };
const paths: Record<number, string> = {
  500: "/usr/bin/gdb",
  400: "/usr/bin/bash",
  300: "/usr/sbin/sshd",
  900: "/srv/payments/bin/payments",
  666: hostilePath,
};

const reader: ProcReader = {
  stat: (pid) =>
    pid === 666
      ? { comm: hostileName, ppid: 400, startTicks: 700n }
      : { comm: comms[pid] ?? "gone", ppid: parents[pid] ?? 0, startTicks: BigInt(200 + pid) },
  exePath: (pid) => paths[pid],
  cgroupPath: (pid) =>
    pid === 900
      ? `/kubepods.slice/kubepods-pod7.slice/cri-containerd-${hex}.scope`
      : "/user.slice/user-1000.slice/session-3.scope",
  cgroupId: (path) => (path.startsWith("/user") ? 77n : 88n),
  users: () => "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n",
};

const offender = {
  startBoottimeNs: 7_001_234_567n,
  cgroupId: 77n,
  exeIno: 131_077n,
  exeDev: (8 << 20) | 1,
  tgid: 500,
  tid: 501,
  ppid: 400,
  uid: 1000,
  group: 0,
  comm: "gdb",
};

const target = {
  ...offender,
  startBoottimeNs: 11_000_000_000n,
  cgroupId: 88n,
  exeIno: 262_154n,
  tgid: 900,
  tid: 900,
  ppid: 1,
  uid: 0,
  group: 7,
  comm: "payments",
};

function argumentFor(form: ArgumentForm, index: number): bigint {
  if (form === "vector") return BigInt(abi.Vector.ptrace_attach);
  return typeof form === "string" ? BigInt(index + 18) : BigInt(Object.keys(form)[0] ?? 0);
}

/** Numbers of x86-64; ptrace where no name is, else openat. */
const calls: Readonly<Partial<Record<VectorName, number>>> = {
  bpf_load: 321,
  module_load: 313,
  kexec: 320,
  swap_on: 167,
};

function recordOf(vector: VectorName): DecodedEvent {
  const { args, name, scope, doors } = vectorEntry(vector);
  const arg = Array.from({ length: 4 }, (_, index) => argumentFor(args[index]?.form ?? "number", index));
  const door = doors[0];
  return {
    timeNs: 12_000_000_123n,
    arg,
    offender,
    target,
    name: name === undefined ? "" : `the_${name.key}`,
    syscall: calls[vector] ?? (name === undefined ? 101 : 257),
    error: -1,
    abi: 1,
    vector: abi.Vector[vector],
    door: door === undefined ? 0 : abi.Door[door],
    outcome: abi.Outcome.denied,
    flags: scope === "node" ? 0 : abi.EventFlag.has_target,
  };
}

const read = recordOf("procmem_read");
const kmem = recordOf("dev_mem");
const { has_target, killed, late, io_worker, kill_wanted } = abi.EventFlag;

/** The same attack in other clothes, by what is special. */
const variants: Readonly<Record<string, [record: DecodedEvent, count?: number]>> = {
  killed: [{ ...read, flags: has_target | kill_wanted | killed }],
  "killed after the fact": [{ ...read, outcome: abi.Outcome.killed, error: 0, flags: has_target | killed | late }],
  "observed, folded": [{ ...read, outcome: abi.Outcome.observed, error: 0 }, 42],
  allowed: [{ ...read, outcome: abi.Outcome.allowed, error: 0 }],
  "from an io_uring worker": [{ ...read, flags: has_target | io_worker }],
  "without a target": [{ ...read, flags: 0 }],
  "of an offender in a container": [{ ...kmem, offender: { ...target, tgid: 900, group: 0, comm: "implant" } }],
  "of an offender that is gone": [{ ...read, offender: { ...offender, startBoottimeNs: 1n, uid: 4242 } }],
  "with hostile names": [
    {
      ...read,
      name: hostileName,
      offender: { ...offender, tgid: 666, startBoottimeNs: 7_000_000_000n, comm: hostileName },
    },
  ],
};

const egress = recordOf("egress");
/** 203.0.113.9 as the kernel has it, mapped into IPv6. */
const mapped = Buffer.from([0, 0, 0xff, 0xff, 203, 0, 113, 9]).readBigUInt64LE();
const destinations: Readonly<Record<string, DecodedEvent>> = {
  "egress, over IPv4": { ...egress, arg: [1n, 443n, 0n, mapped] },
  "egress, by another family": { ...egress, arg: [4n, 16n, 0n, 0n] },
};

const notices: Readonly<Partial<Record<NoticeType, Omit<Notice, "type">>>> = {
  AGENT_STARTED: { detail: { version: "0.1.0", mode: "enforce", form: "lsm", soundness: "sound" } },
  AGENT_STOPPED: { detail: { doors: "detach" } },
  GUARD_SKIPPED: { door: "file_open", vectors: ["procmem_read", "environ_read"], count: 3 },
  GUARD_UNPROVED: { door: "ptrace_access_check", vectors: ["ptrace_attach"], detail: { reason: 'a=b|c\\d "e"\n' } },
  EVENTS_LOST: { count: 17, detail: { ring_full: 16, stdout_queue_full: 1 } },
};

function makeSamples(): Map<string, AnyEvent> {
  const samples = new Map<string, AnyEvent>();
  let last: AnyEvent | undefined;
  const pipeline = createPipeline(
    {
      sequence: new Chain(),
      abi: abiNames(abi),
      node: "node-1",
      boot: "0c3f8a52-5f0e-4d0a-9b1e-7a6f2d1c4b3a",
      clock: { offsetNs: () => 1_767_323_033_000_000_000n },
      facts: createFacts(reader),
      workloadOf: (group) => (group === 7 ? "payments" : undefined),
      secretOf: () => undefined,
      modeOf: () => "enforce",
      kill: () => false,
    },
    (event) => {
      last = event;
    },
  );
  // Ids are random in their last part, and so are the hashes of lines that hold them.
  const add = <One extends AnyEvent>(name: string, event: One) => {
    samples.set(name, {
      ...event,
      prev: "0".repeat(64),
      id: `019b7c6e-4d00-7000-8000-${event.seq.toString(16).padStart(12, "0")}`,
    });
  };
  const attack = (name: string, record: DecodedEvent, count?: number) => {
    last = undefined;
    pipeline.process([record], count);
    if (last === undefined) throw new Error(`the pipeline made no event of ${name}`);
    add(name, last);
  };
  for (const vector of vectorNames) attack(vector, recordOf(vector));
  for (const [name, [record, count]] of Object.entries(variants))
    attack(`procmem_read or dev_mem, ${name}`, record, count);
  for (const [name, record] of Object.entries(destinations)) attack(name, record);
  for (const type of Object.keys(noticeTypes) as NoticeType[]) {
    pipeline.announce({ type, ...notices[type] });
    if (last !== undefined) add(type, { ...last, time: "2026-01-02T03:04:05.000000000Z" });
  }
  return samples;
}

export const samples: ReadonlyMap<string, AnyEvent> = makeSamples();
