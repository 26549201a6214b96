// SPDX-License-Identifier: Apache-2.0
// The selftest of the product on the machine of the matrix, beside the agent that runs there: whatever applies is refused,
// also while others attack; in detect mode it is observed and says so; nothing of it stays, and no second one runs.
import { expect, test } from "vitest";
import type { SelftestResult } from "../../src/selftest/index.js";
import { parseRoads } from "../../src/selftest/roads.js";
import { vectorNames, vectorTable } from "../../src/vectors/index.js";
import { everything } from "./everything.js";
import { inAll, onlyInAll } from "./extent.js";
import { type Field, triggerDir } from "./field.js";
import type { Suite } from "./suite.js";

/** Where no guard stands, the harmless form of an attack on the node must get in too: else a dead guard would pass for the
 *  kernel's own refusal. */
export function harmlessFormTests(suite: Suite): void {
  test("selftest: without the agent the harmless forms get in, and do nothing", async () => {
    const state =
      "cat /proc/modules /proc/swaps /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe | cut -d' ' -f1,2; cat /sys/kernel/kexec_loaded /sys/kernel/tracing/dynamic_events";
    const before = await suite.field.sh(state);
    let tried = 0;
    for (const vector of vectorNames.filter((name) => vectorTable[name].scope === "node")) {
      const roads = parseRoads((await suite.field.sh(`${triggerDir}/${vector} --describe-roads`)).stdout);
      for (const { road } of roads.filter(({ live }) => live)) {
        const { status, stdout } = await suite.field.sh(`${triggerDir}/${vector} --live --road ${road}`);
        if (status === 2) continue; // what this kernel lacks; the matrix holds the list of that
        expect({ vector, road, ...JSON.parse(stdout) }).toMatchObject({ succeeded: true });
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(60);
    expect(await suite.field.sh(state)).toEqual(before);
  }, 600_000);
}

/** A few that are quick, for what does not depend on the vector. */
const few = ["environ_read", "process_vm_read", "core_pattern"].flatMap((vector) => ["--vector", vector]);

const patienceSeconds = 600;

async function selftest(
  field: Field,
  flags: readonly string[] = [],
): Promise<{ status: number; found: SelftestResult }> {
  const argv = ["cloudtaser", "selftest", "--json", ...flags];
  const { status, stdout, stderr } = await field.guest.run(argv, { timeoutSeconds: patienceSeconds });
  if (!stdout.startsWith("{")) throw new Error(`no result, status ${status}: ${stderr}`);
  return { status, found: JSON.parse(stdout) as SelftestResult };
}

const faults = ({ vectors }: SelftestResult) =>
  vectors
    .flatMap(({ vector, roads }) => roads.map((road) => ({ vector, ...road })))
    .filter(({ outcome }) => outcome === "not_stopped" || outcome === "inconclusive" || outcome === "observed");

export function oneSelftest(suite: Suite): void {
  test("selftest: nothing goes through", async () => {
    const before = await running(suite.field);
    const { status, found } = await selftest(suite.field);
    expect(faults(found)).toEqual([]);
    // What would harm the agent of this node where nothing guards is not made here; the matrix makes it.
    expect(found.vectors.filter(({ outcome }) => outcome !== "refused" && outcome !== "not_applicable")).toEqual([]);
    expect(found.vectors.filter(({ outcome }) => outcome === "refused").length).toBeGreaterThan(25);
    expect({ status, whole: found.whole, eventsHeard: found.eventsHeard }).toMatchObject({
      status: 0,
      whole: true,
      eventsHeard: true,
    });
    const roads = found.vectors.flatMap((one) => one.roads);
    expect(roads.filter(({ outcome, event }) => outcome === "refused" && event === null)).toEqual([]);
    // Both kinds of attacker count, and what is not made says why.
    expect(roads.some(({ attacker, outcome }) => attacker === "nobody" && outcome === "refused")).toBe(true);
    expect(roads.some(({ attacker, outcome }) => attacker === "nobody" && outcome === "refused_by_kernel")).toBe(true);
    expect(roads.filter(({ outcome, reason }) => outcome === "not_applicable" && reason === "")).toEqual([]);
    const metrics = await suite.field.sh(
      "python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1:9090/metrics').read().decode())\"",
    );
    expect(metrics.stdout).toMatch(/^cloudtaser_selftest_vectors\{outcome="refused"\} [1-9]\d*$/m);
    expect(metrics.stdout).toContain('cloudtaser_selftest_vectors{outcome="not_stopped"} 0');
    expect(metrics.stdout).toMatch(/^cloudtaser_selftest_last_run_timestamp_seconds 1\.?\d/m);
    // Tokens are 32 hexadecimal digits; ids have dashes.
    expect(JSON.stringify(found)).not.toMatch(/[0-9a-f]{32}/);
    await leavesNothing(suite, before);
  }, 900_000);
}

export function selftestTests(suite: Suite): void {
  onlyInAll(() =>
    test("selftest: others who attack at the same time do not confuse it", async () => {
      const before = await running(suite.field);
      // Each a new offender; with pauses, since the agent and the selftest share two emulated processors with it.
      const argv = [`${triggerDir}/flood`, "1000000", `/proc/${suite.victim.pid}/environ`, "5000"];
      const flood = suite.field.guest.spawn(argv);
      const { status, found } = await selftest(suite.field, few).finally(() => flood.kill("SIGKILL"));
      expect(faults(found)).toEqual([]);
      expect(status).toBe(0);
      await leavesNothing(suite, before);
      await suite.field.forgetEvents();
    }, 600_000),
  );

  test("selftest: the events of its process rows bear its workload, the evidence names those of the others", async () => {
    const before = (await suite.field.events()).length;
    const { found } = await selftest(suite.field, few);
    const rows = found.vectors.flatMap((one) => one.roads.flatMap(({ event }) => (event === null ? [] : [event.id])));
    expect(rows.length).toBeGreaterThan(5);
    const { stdout } = await suite.field.sh(
      "cat /var/lib/cloudtaser/$(ls /var/lib/cloudtaser | tail -1); stat -c %a /var/lib/cloudtaser/*.json | sort -u",
    );
    for (const id of rows) expect(stdout).toContain(id);
    expect(stdout.trimEnd().endsWith("\n600")).toBe(true);
    const events = (await suite.field.events()).slice(before) as unknown as {
      id: string;
      target: { workload?: string } | null;
    }[];
    expect(events.filter(({ id }) => rows.includes(id)).length).toBe(rows.length);
    // Neither name nor executable would do: an io_uring worker has another, and the path is gone with its process.
    const unmarked = events.filter(({ id, target }) =>
      target === null ? !rows.includes(id) : target.workload !== "cloudtaser-selftest",
    );
    expect(unmarked).toEqual([]);
  }, 600_000);

  inAll(
    "selftest: the agent makes one by itself, beside which a second is refused, and ends it when it shall not",
    async () => {
      const before = await running(suite.field);
      await suite.field.reconfigure({ ...everything("enforce"), selftest: { interval: 3600 } });
      await until(suite.field, (status) => status.includes('"cloudtaser-selftest"'));
      const second = await suite.field.sh("cloudtaser selftest");
      expect(second.status).toBe(5);
      expect(second.stderr).toContain("another selftest runs");
      await suite.field.reconfigure(everything("enforce"));
      await until(suite.field, (status) => !status.includes('"cloudtaser-selftest"'));
      await leavesNothing(suite, before);
    },
    600_000,
  );

  onlyInAll(() =>
    test("selftest: one that is interrupted leaves nothing", async () => {
      const before = await running(suite.field);
      const run = suite.field.guest.spawn(["cloudtaser", "selftest", "--json"]);
      await until(suite.field, (status) => status.includes('"cloudtaser-selftest"'));
      // The whole process group, as by Ctrl-C.
      run.kill("SIGTERM");
      expect((await run.done).status).toBe(130);
      await leavesNothing(suite, before);
    }, 600_000),
  );

  onlyInAll(() =>
    test("selftest: in detect mode everything is observed, and the exit status says so", async () => {
      await suite.field.reconfigure(everything("detect"));
      try {
        const { status, found } = await selftest(suite.field, few);
        expect(status).toBe(7);
        expect(found.vectors.map(({ outcome }) => outcome)).toEqual(["observed", "observed", "observed"]);
        const human = await suite.field.sh("cloudtaser selftest --vector environ_read");
        expect(human.stdout).toContain("The agent is in detect mode");
      } finally {
        await suite.field.reconfigure(everything("enforce"));
      }
      const wider = await suite.field.sh("cloudtaser selftest --with-agent");
      expect({ status: wider.status, stderr: wider.stderr }).toMatchObject({ status: 5 });
    }, 600_000),
  );
}

async function until(field: Field, there: (status: string) => boolean): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; ) {
    if (there((await field.control("GET", "/v1/status")).stdout)) return;
  }
  throw new Error("the agent's status did not become what was waited for");
}

/** Attack programs that run: those of the matrix itself, its victim, neighbour and holder among them. */
async function running(field: Field): Promise<number> {
  const { stdout } = await field.sh(
    `ls -l /proc/[0-9]*/exe 2>/dev/null | grep -c ${triggerDir.replace("/triggers", "/build/triggers")} || true`,
  );
  return Number(stdout);
}

/** @param before as many ran before it */
async function leavesNothing(suite: Suite, before: number): Promise<void> {
  const { stdout } = await suite.field.control("GET", "/v1/status");
  const { workloads } = JSON.parse(stdout) as { workloads: { name: string }[] };
  expect(workloads.map(({ name }) => name)).not.toContain("cloudtaser-selftest");
  // What was killed may take a while to go.
  const deadline = Date.now() + 30_000;
  while ((await running(suite.field)) > before && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  expect(await running(suite.field)).toBeLessThanOrEqual(before);
}
