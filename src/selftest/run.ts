// SPDX-License-Identifier: Apache-2.0
// One selftest from lock to result: people, protection, the campaign, and everything taken down again whatever happens.

import { randomBytes } from "node:crypto";
import type { ControlClient } from "../control/client.js";
import type { StatusReport, VectorReport } from "../control/protocol.js";
import { CloudtaserError } from "../errors/index.js";
import { type VectorName, vectorEntry, vectorNames } from "../vectors/index.js";
import { Campaign, type Plan } from "./campaign.js";
import { Listener } from "./listener.js";
import { takeLock } from "./lock.js";
import { exitStatusOf } from "./outcome.js";
import { startPeople } from "./people.js";
import { type SelftestResult, selftestSchemaName, selftestWorkload } from "./result.js";
import { checkTriggers, roadsOf } from "./roads.js";
import { summarise } from "./summary.js";

export interface SelftestOptions {
  client: ControlClient;
  /** Directory of the attack programs. */
  triggers: string;
  /** Socket by which selftests on this node know of each other; undefined if the caller holds it. */
  lock: string | undefined;
  /** All of them if left out. */
  vectors?: readonly VectorName[] | undefined;
  progress?: (done: number, total: number, what: string) => void;
  signal?: AbortSignal | undefined;
  /** How long the event of an attack may take; for tests. */
  eventPatienceMs?: number;
}

/** Throws NOT_ROOT, TRIGGERS_MISSING, SELFTEST_RUNNING, SELFTEST_FAILED, and what the control socket throws. */
export async function runSelftest(options: SelftestOptions): Promise<SelftestResult> {
  const { client, triggers, signal } = options;
  const uid = process.geteuid?.() ?? 0;
  if (uid !== 0) throw new CloudtaserError("NOT_ROOT", { target: "selftest", fields: { uid } });
  checkTriggers(triggers);
  const status = await client.status();
  const reports = await client.vectors();
  const release = options.lock === undefined ? async () => {} : await takeLock(options.lock);
  try {
    const every = await Promise.all(vectorNames.map((name) => planOf(name, triggers, reports)));
    const wanted =
      options.vectors === undefined ? every : every.filter(({ vector }) => options.vectors?.includes(vector));
    const holder = `${selftestWorkload}-${randomBytes(8).toString("hex")}`;
    const people = await startPeople(triggers, holder);
    try {
      await client.protect({ pid: people.canary.pid, name: selftestWorkload });
      const listener = new Listener(client);
      listener.start();
      try {
        const campaign = new Campaign({
          triggers,
          people,
          listener,
          env: { CT_HOLDER: holder, CT_SOCKET: client.socket, CT_WORKLOAD: selftestWorkload },
          losses: async () => BigInt((await client.status()).losses["ring_full"] ?? "0"),
          eventPatienceMs: options.eventPatienceMs ?? 5_000,
          progress: options.progress ?? (() => {}),
          signal,
        });
        const started = new Date().toISOString();
        const eventsHeard = await campaign.hearsEvents(every);
        const rows = await campaign.run(wanted);
        const vectors = wanted.map((plan) => summarise(plan, rows.get(plan.vector) ?? []));
        return {
          ...headOf(status),
          started,
          finished: new Date().toISOString(),
          whole: wanted.length === every.length,
          eventsHeard,
          eventsLost: campaign.eventsLost,
          exitStatus: exitStatusOf(vectors.map(({ outcome }) => outcome)),
          vectors,
        };
      } finally {
        await listener.stop();
        await client.unprotect({ workload: selftestWorkload }).catch(() => {}); // it ends with the canary all the same
      }
    } finally {
      await people.close();
    }
  } finally {
    await release();
  }
}

async function planOf(vector: VectorName, triggers: string, reports: readonly VectorReport[]): Promise<Plan> {
  const report = reports.find((one) => one.vector === vector);
  const { scope } = vectorEntry(vector);
  // An agent of another version that does not know the vector does not guard against it.
  return {
    vector,
    scope,
    mode: report?.mode ?? "off",
    kill: report?.kill ?? false,
    roads: await roadsOf(triggers, vector),
  };
}

const headOf = ({ node, version, kernel, form, mode, pid, ready, notReady }: StatusReport) => ({
  schema: selftestSchemaName as typeof selftestSchemaName,
  node,
  version,
  kernel,
  form,
  mode,
  agent: { pid, ready, notReady },
});
