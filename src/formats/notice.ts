// SPDX-License-Identifier: Apache-2.0
// What the agent reports of itself, in the same stream and the same count as the attacks: guards that did not act,
// events that were lost, its own coming and going. Told apart by its `vector`, which is null.

import { z } from "zod";
import { type Severity, severities } from "../vectors/index.js";
import { bootId, eventSchemaName, lineHash } from "./event.js";
import { once } from "./once.js";

export const noticeTypes = {
  AGENT_STARTED: { severity: "info", meaning: "The agent began to guard; its doors were not there before." },
  AGENT_TOOK_OVER: { severity: "info", meaning: "The agent began to guard with doors that an earlier one left." },
  AGENT_STOPPED: {
    severity: "high",
    meaning: "An orderly stop; `detail.doors` says whether the guards went (`detach`) or stay (`leave`).",
  },
  GUARD_SKIPPED: {
    severity: "critical",
    meaning: "The kernel did not call a door `count` times since the last look: each was an unguarded call.",
  },
  GUARD_UNPROVED: { severity: "critical", meaning: "A door that was proved no longer acts on the canary." },
  GUARD_PROVED: { severity: "info", meaning: "A door acts on the canary again." },
  GUARD_SILENCED: {
    severity: "critical",
    meaning: "`kernel.ftrace_enabled` was found at 0: no guard was called until it was set back.",
  },
  PREEMPTION_CHANGED: {
    severity: "high",
    meaning: "The kernel's preemption mode was changed, on which the soundness of fmod_ret rests.",
  },
  EVENTS_LOST: {
    severity: "high",
    meaning:
      "`count` records were lost since the last look, by reason in `detail`; also while no agent read what the doors had to say. `detail.since` is `unknown` where nobody remembers what was told before. `detail.run` is `before` for what the run before lost at its stop, whose last line was number `detail.seq` with the hash `detail.head`. Verdicts stood.",
  },
  CHECKPOINT: {
    severity: "info",
    meaning:
      "Signs all lines before it: at start, every minute, at stop (`detail.reason`). `detail.signature` is Ed25519, by the key in `detail.key`, over this line with an empty signature. `detail.SINK_REASON`: what that sink has lost in this run so far.",
  },
  WORKLOAD_FULL: {
    severity: "high",
    meaning:
      "A workload has as many processes as there are places left for all: `count` of its forks were refused since the last look. `detail.workload`. Other workloads are not concerned.",
  },
  POD_UNGUARDED: {
    severity: "high",
    meaning: "A pod that is to be protected is not: `detail.reason`. It is tried again.",
  },
  POD_ANNOTATION_INVALID: {
    severity: "medium",
    meaning: "An annotation of a protected pod makes no sense and counts as not there; the pod is protected.",
  },
  POD_ANNOTATION_KEPT: {
    severity: "medium",
    meaning:
      "The annotations or labels of a protected pod were changed; what it said when it was first seen stays in force.",
  },
  POD_RULES_REFUSED: {
    severity: "high",
    meaning: "Rules that pods have of their own are not in force: the pods are protected by the rules of all.",
  },
  KUBERNETES_AWAY: {
    severity: "medium",
    meaning: "The API server has told nothing for a minute: new pods are not known. What is protected stays so.",
  },
  AUTHORITY_DENIED: {
    severity: "high",
    meaning:
      "Somebody who may use the control socket asked for something that loosens protection, without the authority's signature or with a wrong one; or a configuration was not signed. `detail.what`, `detail.reason`.",
  },
  AUTHORITY_USED: {
    severity: "medium",
    meaning: "Something that loosens protection was done, signed by the authority: `detail.what`.",
  },
  CONTROL_SOCKET_REPLACED: {
    severity: "high",
    meaning:
      "The path of the control socket no longer led to the agent: `detail.found` is what was there, `detail.pid` and `detail.uid` who listened at it. It lies at `detail.movedTo` now, and the agent listens at the path again (`detail.served`), or says why not (`detail.reason`) and tries at each check.",
  },
  KUBERNETES_BACK: { severity: "info", meaning: "The API server answers again." },
} as const satisfies Record<string, { severity: Severity; meaning: string }>;

export type NoticeType = keyof typeof noticeTypes;

const shown = (length: number) => z.string().max(length * 10 + 1);

export const noticeSchema = once(() =>
  z.strictObject({
    schema: z.literal(eventSchemaName),
    id: z.uuidv7(),
    seq: z.int().min(0).describe("Counts the events of one run of the agent, attacks and its own together."),
    prev: lineHash(),
    time: z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
      .describe("When the agent noticed it, RFC 3339."),
    node: shown(253),
    boot: bootId(),
    type: z.enum(Object.keys(noticeTypes) as [NoticeType, ...NoticeType[]]),
    vector: z.null().describe("Tells these events from attacks."),
    severity: z.enum(severities),
    vectors: z
      .array(z.string().regex(/^[a-z_]+$/))
      .describe("Vectors that are affected; none named: not about guards."),
    door: z.string().max(64).nullable().describe("Kernel hook that it is about."),
    count: z.int().min(1).describe("How often, since it was last reported."),
    detail: z.record(z.string(), z.union([shown(200), z.number()])).describe("The rest, by type."),
  }),
);

export type NoticeEvent = z.output<ReturnType<typeof noticeSchema>>;

/** JSON Schema (draft 7) of one event of the agent's own. */
export function describeNotice(): Record<string, unknown> {
  return z.toJSONSchema(noticeSchema(), { target: "draft-7" });
}
