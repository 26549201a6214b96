// SPDX-License-Identifier: Apache-2.0
// The selftest around the attacks: it hears its own events only, two do not run at once, evidence is bounded and private,
// and an agent whose guards do not act is found out.

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { ControlClient } from "../../src/control/client.js";
import type { VectorReport } from "../../src/control/protocol.js";
import { keepEvidence } from "../../src/selftest/evidence.js";
import { selftestWorkload } from "../../src/selftest/index.js";
import { type HeardEvent, Listener } from "../../src/selftest/listener.js";
import { takeLock } from "../../src/selftest/lock.js";
import type { SelftestResult } from "../../src/selftest/result.js";
import { runSelftest } from "../../src/selftest/run.js";
import { vectorNames } from "../../src/vectors/index.js";
import { cli, fakeAgent, freshSocket, report, scratch } from "./cli-support.js";

const result = (started: string): SelftestResult => ({
  schema: "cloudtaser.selftest/v1",
  started,
  finished: started,
  node: "n",
  version: "v",
  kernel: "k 1",
  form: "lsm",
  mode: "enforce",
  whole: true,
  agent: { pid: 1, ready: true, notReady: [] },
  eventsHeard: true,
  eventsLost: false,
  exitStatus: 0,
  vectors: [],
});

describe("the listener", () => {
  const line = (id: string, pid: number, ppid: number): string =>
    JSON.stringify({
      id,
      seq: 1,
      time: "t",
      outcome: "denied",
      killed: false,
      vector: "kcore",
      offender: { pid, ppid },
    });

  async function hears(lines: readonly string[]): Promise<HeardEvent[]> {
    const listener = new Listener(
      {
        async *events() {
          yield* lines;
        },
      },
      100,
    );
    listener.expect(7);
    listener.start();
    await listener.wait([7], "kcore", 50);
    await listener.stop();
    return listener.eventsOf([7], "kcore");
  }

  it("keeps what its own attackers and their children cause, once", async () => {
    const mine = [line("a", 7, 100), line("a", 7, 100), line("b", 8, 7), line("c", 7, 0)];
    expect((await hears(mine)).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  it("is not confused by attacks of others, by a pid that was somebody else's before, or by what is no event", async () => {
    const flood = Array.from({ length: 5000 }, (_, n) => line(`f${n}`, 1000 + n, 1));
    expect(await hears([...flood, line("x", 7, 55), "{", "[]", "null", '{"id":1}'])).toEqual([]);
  });

  it("counts a stream that breaks, and gives up on one that does not come back", async () => {
    const listener = new Listener({
      // biome-ignore lint/correctness/useYield: it breaks before the first line
      async *events() {
        throw new Error("cut off");
      },
    });
    listener.start();
    expect(await listener.wait([7], "kcore", 60_000)).toBe(false);
    await listener.stop();
    expect(listener.breaks).toBe(5);
  });
});

describe("the lock", () => {
  it("lets one in at a time, and is not held by a dead one", async () => {
    const path = freshSocket();
    const release = await takeLock(path);
    await expect(takeLock(path)).rejects.toMatchObject({ code: "SELFTEST_RUNNING", exitCode: 5 });
    await release();
    writeFileSync(path, ""); // what a killed one leaves is a socket that nobody listens at, which answers as this does
    const again = await takeLock(path);
    await expect(takeLock(path)).rejects.toMatchObject({ code: "SELFTEST_RUNNING" });
    await again();
  });
});

describe("evidence", () => {
  it("is private, sorted by time, and bounded; other files stay", () => {
    const directory = join(scratch, "evidence");
    mkdirSync(directory);
    writeFileSync(join(directory, "selftest-notes.txt"), "");
    for (let n = 1; n <= 5; n++) keepEvidence(result(`2026-01-0${n}T00:00:00.000Z`), { directory, keep: 2 });
    expect(readdirSync(directory).sort()).toEqual([
      "selftest-20260104T000000.000Z.json",
      "selftest-20260105T000000.000Z.json",
      "selftest-notes.txt",
    ]);
    const path = join(directory, "selftest-20260105T000000.000Z.json");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(result("2026-01-05T00:00:00.000Z"));
  });

  it("says where it cannot be kept", () => {
    const directory = join(scratch, "a-file");
    writeFileSync(directory, "");
    expect(() => keepEvidence(result("2026-01-01T00:00:00.000Z"), { directory, keep: 1 })).toThrow("cannot be kept");
  });
});

describe("the command", () => {
  it("is wrong usage with an unknown vector", async () => {
    const ran = await cli(["selftest", "--vector", "nonsense"]);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('no vector "nonsense"');
  });

  it("needs root", async () => {
    vi.spyOn(process, "geteuid").mockReturnValueOnce(1000);
    expect((await cli(["selftest"])).code).toBe(4);
  });

  it.skipIf(process.geteuid?.() !== 0)(
    "names --with-agent if no agent runs",
    async () => {
      const ran = await cli(["selftest"]);
      expect(ran.code).toBe(6);
      expect(ran.err).toContain("--with-agent");
    },
    60_000,
  );
});

/** Only attacks on processes of our own: this machine has no guards. */
const tried = ["environ_read", "process_vm_read", "pidfd_getfd"] as const;

describe.skipIf(process.geteuid?.() !== 0)("an agent whose guards do not act", () => {
  const reports = vectorNames.map((vector) => ({ vector, mode: "enforce", kill: false })) as unknown as VectorReport[];

  it("is found out: everything goes through to root, and no token is in the result", async () => {
    const asked: unknown[] = [];
    const socket = await fakeAgent({
      vectors: () => reports,
      protect: async (request) => {
        asked.push(request);
        return report;
      },
      unprotect: async (request) => {
        asked.push(request);
        return report;
      },
    });
    const found = await runSelftest({
      client: new ControlClient({ socket }),
      triggers: join(process.cwd(), "build", "triggers"),
      lock: freshSocket(),
      vectors: tried,
      eventPatienceMs: 200,
    });
    expect(found).toMatchObject({ exitStatus: 1, eventsHeard: false, whole: false });
    expect(found.vectors.map(({ vector, outcome }) => `${vector} ${outcome}`)).toEqual([
      "environ_read not_stopped",
      "process_vm_read not_stopped",
      "pidfd_getfd not_stopped",
    ]);
    const live = found.vectors.flatMap(({ roads }) => roads).filter(({ attacker }) => attacker === "root");
    // Some machines lack 32-bit calls or io_uring: there the neighbour is not reached, and nothing is claimed.
    const reached = live.filter(({ control }) => control === "reached");
    expect(reached.length).toBeGreaterThan(3);
    for (const road of reached) expect(road.outcome, road.road).toBe("not_stopped");
    expect(live.filter(({ control }) => control !== "reached").map(({ outcome }) => outcome)).not.toContain("refused");
    // Root's file: the kernel itself turns nobody away, and without events that is not known to be the kernel.
    const strangers = found.vectors.flatMap(({ roads }) => roads).filter(({ attacker }) => attacker === "nobody");
    expect(strangers.filter(({ outcome }) => outcome === "refused" || outcome === "not_stopped")).toEqual([]);
    expect(asked).toMatchObject([{ name: selftestWorkload }, { workload: selftestWorkload }]);
    // Tokens are 32 hexadecimal digits.
    expect(JSON.stringify(found)).not.toMatch(/[0-9a-f]{32}/);
  }, 120_000);

  it("is refused without attack programs", async () => {
    const client = new ControlClient({ socket: await fakeAgent() });
    const triggers = join(scratch, "no-triggers");
    mkdirSync(triggers);
    await expect(runSelftest({ client, triggers, lock: freshSocket() })).rejects.toMatchObject({
      code: "TRIGGERS_MISSING",
    });
    rmSync(triggers, { recursive: true });
  });
});
