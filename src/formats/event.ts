// SPDX-License-Identifier: Apache-2.0
// The event as it leaves the agent, version 1: the one model that every format starts from. Strings that a process can choose are
// already bounded and printable here; numbers that may pass 2^53 are decimal strings.

import { z } from "zod";
import { severities } from "../vectors/index.js";
import { once } from "./once.js";

export const eventSchemaName = "cloudtaser.event/v1";

const decimal = () => z.string().regex(/^\d{1,20}$/);
const id = () => z.int().min(0);
const shown = (length: number) => z.string().max(length * 10 + 1);
const timestamp = () => z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);

/** Shared with the agent's own events. */
export const bootId = () =>
  z.guid().optional().describe("The kernel's id of this boot of the node; left out where it does not tell.");

/** Shared with the agent's own events: attacks and they are one chain. */
export const lineHash = () =>
  z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe(
      "SHA-256 of the line before in the native format, without its newline; of an earlier run's last known line at its start. Zeros: none is known.",
    );

const executable = () =>
  z.strictObject({
    path: shown(512)
      .optional()
      .describe(
        "As procfs shows it when the event is read, a moment later: who has started another program by then has that one's path. Device and inode are those of the attempt.",
      ),
    dev: z
      .string()
      .regex(/^\d+:\d+$/)
      .describe("Device of the file, MAJOR:MINOR."),
    inode: decimal(),
  });

const ancestor = () => z.strictObject({ pid: id(), comm: shown(16), exe: shown(512).optional() });

const processFields = () => ({
  pid: id().describe("Process id in the node's namespace."),
  tid: id().describe("Thread id in the node's namespace."),
  ppid: id(),
  startTime: timestamp(),
  startBoottimeNs: decimal().describe("Start of the process, nanoseconds since boot: with pid, its identity."),
  uid: id().describe("4294967295 where it is not known."),
  user: shown(64).optional(),
  comm: shown(16),
  exe: executable(),
  cgroup: z.strictObject({ id: decimal(), path: shown(512).optional() }),
  container: z
    .strictObject({ id: z.string().regex(/^[0-9a-f]{64}$/), name: shown(253).optional() })
    .optional()
    .describe("By its control group; the name as Kubernetes has it."),
  pod: z
    .strictObject({ namespace: shown(253), name: shown(253), uid: z.string().regex(/^[0-9a-f-]{32,36}$/) })
    .optional()
    .describe("As Kubernetes has it, by the control group."),
});

const offender = () =>
  z.strictObject({
    ...processFields(),
    parent: z.array(ancestor()).max(8).describe("Ancestors, nearest first, as far as they could be read."),
  });

const target = () =>
  z.strictObject({
    ...processFields(),
    group: id().describe("Protection group of the process."),
    workload: shown(64).optional().describe("Name under which that group is protected."),
  });

/** Made when it is first asked for: only who reads events that others wrote needs it. */
export const eventSchema = once(() =>
  z.strictObject({
    schema: z.literal(eventSchemaName),
    id: z.uuidv7(),
    seq: id().describe("Counts the events of one run of the agent, from 1, without a gap."),
    prev: lineHash(),
    time: timestamp().describe("When the kernel saw it, RFC 3339."),
    node: shown(253),
    boot: bootId(),
    type: z.string().regex(/^[A-Z_]+$/),
    vector: z.string().regex(/^[a-z_]+$/),
    severity: z.enum(severities),
    mode: z.enum(["detect", "enforce"]),
    outcome: z.enum(["observed", "denied", "killed", "allowed"]),
    killed: z.boolean().describe("The offender was sent SIGKILL."),
    leakWindow: z.boolean().describe("Data may have moved before the response."),
    count: z.int().min(1).describe("Attempts that this event stands for."),
    offender: offender(),
    target: target().nullable().describe("The protected process; null for attacks on the node."),
    syscall: z
      .strictObject({ number: id(), name: z.string().max(32), compat: z.boolean().describe("32-bit call.") })
      .nullable()
      .describe("null where the kernel cannot tell (io_uring workers)."),
    error: z.string().max(32).nullable().describe("Error name that the offender got; null if the operation went on."),
    door: z.string().max(64).describe("Kernel hook that saw it."),
    detail: z.record(z.string(), z.union([z.string(), z.number()])).describe("Arguments, by vector."),
  }),
);

export type CloudtaserEvent = z.output<ReturnType<typeof eventSchema>>;
export type EventOffender = CloudtaserEvent["offender"];
export type EventTarget = NonNullable<CloudtaserEvent["target"]>;

/** JSON Schema (draft 7) of one event. */
export function describeEvent(): Record<string, unknown> {
  return z.toJSONSchema(eventSchema(), { target: "draft-7" });
}
