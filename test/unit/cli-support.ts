// SPDX-License-Identifier: Apache-2.0
// Runs the command line in this process, against an agent that answers what the test says.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach } from "vitest";
import type { Io } from "../../src/cli/io.js";
import { run } from "../../src/cli/program.js";
import { type ControlHandlers, type ControlServer, startControlServer } from "../../src/control/index.js";
import type { ProtectReport, SecretReport, StatusReport } from "../../src/control/protocol.js";
import type { Native } from "../../src/kernel/native.js";

export const scratch = mkdtempSync(join(tmpdir(), "ct-cli-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const open: ControlServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

export const hostile = "\u001b[2Jx\n";

export const process7 = {
  pid: 7,
  comm: hostile,
  uid: 1,
  startBoottimeNs: "5",
  workload: "pay",
  tracer: 0,
  hardening: {},
};

export const report: ProtectReport = { workload: "pay", processes: [process7], warnings: [`traced by ${hostile}`] };

export const status: StatusReport = {
  version: "0.1.0",
  node: "n1",
  pid: 99,
  started: "2026-01-01T00:00:00.000Z",
  ready: true,
  notReady: [],
  kernel: "6.12",
  form: "lsm",
  mode: "enforce",
  preemption: "voluntary",
  tookOver: false,
  idle: false,
  lastProof: null,
  config: { file: null, loadedAt: "2026-01-01T00:00:00.000Z", lastError: null },
  doors: [
    {
      door: "bpf",
      form: "lsm",
      attached: true,
      idle: false,
      proved: false,
      reason: "gone",
      soundness: "sound",
      recursionMisses: "3",
    },
  ],
  workloads: [{ name: "pay", processes: 1, overrides: { proc_fd: { mode: "detect", kill: false } } }],
  processes: [process7],
  cgroups: [{ id: "4711", path: hostile, workload: "pay" }],
  losses: { ring_full: "0", scope_full: "2" },
  events: { published: 4, lastSeq: 4 },
  sinks: [
    {
      name: "siem",
      kind: "http",
      format: "native",
      delivered: 3,
      queued: 7,
      spoolBytes: 4096,
      retried: 2,
      dropped: 1,
      lastSuccess: null,
      lastError: hostile,
    },
  ],
  evidence: { publicKey: "AAAA", reason: "", lastSeq: 4, head: "ab".repeat(32), lastCheckpoint: null },
  secrets: { unsupported: "", workloads: [] },
  warnings: [],
};

export const secretReport: SecretReport = {
  name: "key",
  workload: "pay",
  allow: ["10.0.0.0/8:5432"],
  added: "2026-01-01T00:00:00.000Z",
  endsWithWorkload: false,
};

/** What an addon says of every connection. */
const ofRoot = { peerCredentials: () => ({ pid: 1, uid: 0, gid: 0 }) };

let number = 0;
export const freshSocket = (): string => join(scratch, `s${++number}.sock`);

export const fakeHandlers = (over: Partial<ControlHandlers> = {}): ControlHandlers => ({
  status: () => status,
  vectors: () => [],
  protect: async () => report,
  unprotect: async () => report,
  container: async () => ({ protected: false, workload: null, warnings: [] }),
  reload: async () => ({ loadedAt: "2026-02-02T00:00:00.000Z", needsRestart: [] }),
  selftest: () => ({ noted: true }),
  secrets: () => ({ unsupported: "", secrets: [] }),
  addSecret: () => ({ secret: secretReport, outcome: "registered", warnings: [] }),
  removeSecret: () => ({ removed: [secretReport] }),
  subscribe: () => () => {},
  ...over,
});

/** Starts an agent's control server and returns its socket. */
export async function fakeAgent(over: Partial<ControlHandlers> = {}): Promise<string> {
  const socket = freshSocket();
  const log = { info: () => {}, warn: () => {} };
  open.push(await startControlServer({ socket, native: ofRoot, handlers: fakeHandlers(over), log }));
  return socket;
}

export interface Ran {
  code: number;
  out: string;
  err: string;
}

export async function cli(argv: readonly string[], over: Partial<Pick<Io, "env" | "native">> = {}): Promise<Ran> {
  const ran = { code: 0, out: "", err: "" };
  const io: Io = {
    env: over.env ?? { PATH: "/usr/bin:/bin", CLOUDTASER_SOCKET: join(scratch, "none.sock") },
    stdout: { write: (text) => (ran.out += text) },
    stderr: { write: (text) => (ran.err += text) },
    stdinIsTerminal: false,
    tail: undefined,
    native: over.native ?? (async () => ofRoot as unknown as Native),
    status: 0,
  };
  ran.code = await run(argv, io);
  return ran;
}

/** An addon that only knows exec(), which it records in place of becoming the command. */
export function recordingExec(calls: unknown[], failure?: Error): Io["native"] {
  const exec: Native["exec"] = (path, argv, env) => {
    calls.push([path, argv, env]);
    throw failure ?? new Error("replaced");
  };
  return async () => ({ ...ofRoot, exec }) as unknown as Native;
}
