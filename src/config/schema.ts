// SPDX-License-Identifier: Apache-2.0
// What a configuration may say, with defaults and one sentence on each key. The reference in docs/ is derived from it.

import { z } from "zod";
import { type VectorName, vectorNames } from "../vectors/index.js";
import { authority } from "./authority.js";
import { canary } from "./canary.js";
import { defaultSocket } from "./defaults.js";
import { objectDigests, sha256 } from "./digests.js";
import { filesClash } from "./files.js";
import { kubernetes } from "./kubernetes.js";
import { parseListenAddress } from "./listen.js";
import { modeOf } from "./mode.js";
import { absolutePath } from "./paths.js";
import { eventFile, sinks } from "./sinks.js";
import { parseSize } from "./sizes.js";
import { workload } from "./workloads.js";

const allowEntry = z
  .strictObject({
    exe: absolutePath
      .optional()
      .describe(
        "Executable whose processes may do it; matched by device, inode and change time, so not after it was changed.",
      ),
    sha256: sha256
      .optional()
      .describe("Digest that the executable must have when it is loaded; what it has then if left out."),
    cgroup: absolutePath
      .optional()
      .describe("Control group whose processes may do it, those of groups below included."),
    uid: z.int().min(0).max(4294967294).optional().describe("Real user id, on the node, whose processes may do it."),
  })
  .refine(
    ({ exe, cgroup, uid }) => exe !== undefined || cgroup !== undefined || uid !== undefined,
    "names nobody: it needs exe, cgroup, uid, or several of them, which then must all be so",
  )
  .refine(({ exe, sha256 }) => sha256 === undefined || exe !== undefined, "has sha256 without exe");

const vectorPolicy = (name: VectorName) =>
  z.strictObject({
    mode: modeOf(name).optional().describe("Mode of this vector; the global mode if left out."),
    kill: z.boolean().optional().describe("Kill the offender of this vector; the global setting if left out."),
    allow: z.array(allowEntry).default([]).describe("Who may do this."),
  });

const vectors = Object.fromEntries(vectorNames.map((name) => [name, vectorPolicy(name).optional()])) as Record<
  VectorName,
  z.ZodOptional<ReturnType<typeof vectorPolicy>>
>;

/** Bytes: the least and the most that the kernel side can be told (bpf/abi_leak.h). */
const scanLimits = [4 * 1024, 1024 * 1024] as const;

const leaks = z.strictObject({
  scanLimit: z
    .union([z.number(), z.string()], "must be a number of bytes, or one with KiB or MiB")
    .transform((size) => parseSize(size) ?? -1)
    .refine((bytes) => bytes !== -1, "must be a number of bytes, or one with KiB or MiB")
    .refine((bytes) => bytes !== 0, "must not be 0: nothing would be looked at; to look for no secret, register none")
    .refine((bytes) => bytes >= scanLimits[0] && bytes <= scanLimits[1], "must be from 4KiB to 1MiB")
    .prefault("1MiB")
    .describe("Bytes of one operation that are looked at: 4KiB to 1MiB."),
  beyond: z
    .enum(["edges", "refuse"])
    .default("edges")
    .describe("A longer operation: look at its first and last part and report it, or refuse it."),
  unscanned: z
    .enum(["report", "refuse"])
    .default("report")
    .describe("An operation whose memory cannot be read at that moment: report it and let it pass, or refuse it."),
});

function namesAreUnique(list: readonly { name: string }[]): boolean {
  return new Set(list.map(({ name }) => name)).size === list.length;
}

const wholeConfig = z.strictObject({
  mode: z.enum(["detect", "enforce"]).default("detect").describe("detect reports an attack, enforce refuses it."),
  kill: z.boolean().default(false).describe("Also send SIGKILL to the offender of a refused attack."),
  logAll: z.boolean().default(false).describe("Report also what the allow lists let pass; for finding faults only."),
  selfProtection: z
    .boolean()
    .default(false)
    .describe(
      "Give agent_signal the global mode: in enforce mode only the service manager and runtimes stop the agent.",
    ),
  authority,
  nodeName: z.string().min(1).max(253).optional().describe("Name of this node in events; the host name if left out."),
  vectors: z.strictObject(vectors).prefault({}).describe("Settings of single vectors, by name."),
  allow: z.array(allowEntry).default([]).describe("Who may do anything that a vector would refuse."),
  membersMayInspect: z
    .boolean()
    .default(true)
    .describe("Whether processes of one workload may do to each other what is refused to others; to itself each may."),
  leaks: leaks.prefault({}).describe("How registered secrets are looked for in what a process writes and sends."),
  hardening: z
    .strictObject({
      coreLimit: z.boolean().default(true).describe("Set the core size limit of protected processes to 0."),
      coredumpFilter: z.boolean().default(true).describe("Leave all memory out of core dumps of protected processes."),
      swap: z
        .boolean()
        .default(true)
        .describe("Switch swap off for a control group all of whose processes are of one protected workload."),
    })
    .prefault({})
    .describe("What is done to a process when its protection begins, and undone when it ends."),
  nodeGuards: z
    .enum(["while-protected", "always"])
    .default("while-protected")
    .describe("When the guards of the kernel stand: while at least one process is protected, or always."),
  preloadModules: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be a module name"))
    .default([
      "inet_diag",
      "tcp_diag",
      "udp_diag",
      "unix_diag",
      "raw_diag",
      "netlink_diag",
      "af_packet_diag",
      "mptcp_diag",
      "vsock_diag",
      "bpf_preload",
    ])
    .describe(
      "Modules loaded at start, before module loads are refused: what harmless tools (ss) make the kernel ask for.",
    ),
  form: z
    .enum(["auto", "lsm", "fmod_ret", "signal"])
    .default("auto")
    .describe(
      "How the doors attach; auto takes lsm where the kernel calls it, else fmod_ret, and signal, which refuses nothing and kills after the fact, only where neither works.",
    ),
  onStop: z
    .enum(["detach", "leave"])
    .default("detach")
    .describe("What an ordinary stop does with the guards: take them off, or leave them refusing."),
  objectPath: absolutePath
    .optional()
    .describe(
      "Directory of BPF objects, or one of them for the directory that it lies in; that of the installation if left out. They must be those of this build.",
    ),
  objectDigests,
  health: z
    .strictObject({
      listen: z
        .string()
        .refine((text) => parseListenAddress(text) !== undefined, "must be HOST:PORT, [IPv6]:PORT, :PORT or off")
        .default("127.0.0.1:9090")
        .describe("Address of /metrics, /healthz, /readyz and /status; off for none."),
    })
    .prefault({})
    .describe("The HTTP listener."),
  control: z
    .strictObject({
      socket: absolutePath.default(defaultSocket).describe("Unix socket for the command line."),
      group: z.string().min(1).max(64).optional().describe("Group that may control the agent; only root if left out."),
    })
    .prefault({})
    .describe("The control socket."),
  pinPath: absolutePath.default("/sys/fs/bpf/cloudtaser").describe("Directory on a BPF file system for pinned guards."),
  canary,
  events: z
    .strictObject({
      stdout: z.boolean().default(true).describe("Write events to standard output, one JSON object a line."),
      file: eventFile.optional().describe("Write events to a file too."),
    })
    .prefault({})
    .describe("Where events go, in the native format; sinks names further places."),
  sinks,
  evidence: z
    .strictObject({
      checkpointSeconds: z
        .number()
        .min(1)
        .max(86400)
        .default(60)
        .describe("Seconds between two signed checkpoints in the stream of events."),
    })
    .prefault({})
    .describe("The proof that a log is whole and unaltered."),
  stateDirectory: absolutePath
    .default("/var/lib/cloudtaser")
    .describe("Directory of the key that signs checkpoints, and of the spools."),
  selftest: z
    .strictObject({
      interval: z
        .number()
        .min(0)
        .max(2_000_000)
        .refine((seconds) => seconds === 0 || seconds >= 60, "must be 0 or at least 60")
        .default(0)
        .describe(
          "Seconds between two selftests that the agent makes by itself, the first at its start: at least 60; 0 for never.",
        ),
      directory: absolutePath
        .default("/var/lib/cloudtaser")
        .describe("Directory in which the results of selftests are kept."),
      keep: z.int().min(1).max(1000).default(50).describe("How many results are kept; the oldest are removed."),
    })
    .prefault({})
    .describe("Attacks on a canary, to show that the guards work."),
  log: z
    .strictObject({
      level: z
        .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
        .default("info")
        .describe("Least important level of the agent's own log on standard error."),
    })
    .prefault({})
    .describe("The agent's own log."),
  workloads: z
    .array(workload)
    .refine(namesAreUnique, "two workloads have the same name")
    .default([])
    .describe("What is protected from the start."),
  kubernetes,
});

export const configSchema = wholeConfig.refine(
  ({ events, sinks: list }) => !filesClash([events, ...list].flatMap(({ file }) => (file === undefined ? [] : [file]))),
  { path: ["sinks"], message: "two sinks write the same file, or one is where another's rotated files go (PATH.1)" },
);

/** A validated configuration: every default filled in. */
export type Config = z.output<typeof configSchema> & { nodeName: string };
export type WorkloadConfig = Config["workloads"][number];
export type KubernetesConfig = NonNullable<Config["kubernetes"]>;

/** JSON Schema (draft 7) of what an operator may write. */
export function describeConfig(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { target: "draft-7", io: "input" });
}
