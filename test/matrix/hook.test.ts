// SPDX-License-Identifier: Apache-2.0
// Real containers with the hook in their specification, on a real kernel, while an attacker looks at every new process as
// fast as it can: none of their programs runs an instruction unprotected, and what fails is refused as it is said.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Guest } from "../lab/guest.js";
import { inAll, isWhole, onlyInAll } from "./extent.js";
import { Field, triggerDir } from "./field.js";
import { end, needle, prepareContainers, type Runtime, run, type Shape, start } from "./guest-containers.js";
import { nextLine } from "./next-line.js";
import { keepFigures } from "./soundness.js";

interface Found {
  looks: number;
  refused: number;
  got: number;
}

const config = { mode: "enforce", preloadModules: [] };
const asking = { "cloudtaser.io/ebpf": "true" };
const rounds = isWhole ? 10 : 2;
// The container lab has runc as well.
const runtimes: readonly Runtime[] = isWhole ? ["crun", "runc"] : ["crun"];

describe("the hook of container runtimes", () => {
  let field: Field;

  beforeAll(async () => {
    field = new Field(await Guest.boot({ kernel: "6.12", timeoutSeconds: 300, packages: ["containerd", "runc"] }));
    await prepareContainers(field);
    await field.startAgent(config);
  }, 900_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  /** What an attacker got who was at it all the while. */
  async function attacked(action: () => Promise<void>): Promise<Found> {
    const attacker = field.guest.spawn([`${triggerDir}/newcomers`, needle]);
    expect(await nextLine(attacker, 0)).toBe("ready");
    try {
      await action();
    } finally {
      attacker.write("\n");
    }
    return JSON.parse(await nextLine(attacker, 1, 120_000)) as Found;
  }

  async function read(pid: number): Promise<string> {
    const { stdout, stderr } = await field.sh(`cat /proc/${pid}/environ | tr '\\0' '\\n' | grep SECRET`);
    return stdout.includes(needle) ? "stolen" : /not permitted/.test(stderr) ? "refused" : `nothing: ${stderr}`;
  }

  const status = async () =>
    JSON.parse((await field.control("GET", "/v1/status")).stdout) as {
      processes: { pid: number; workload: string }[];
      cgroups: { path: string | null; workload: string }[];
    };

  describe.each([...runtimes])("of %s", (runtime: Runtime) => {
    const many = async (shape: Omit<Shape, "runtime" | "name">): Promise<number> => {
      const began = performance.now();
      for (let round = 0; round < rounds; round++) {
        const name = `${runtime}-${shape.stage ?? "none"}-${round}`;
        expect(await run(field, { runtime, name, ...shape })).toMatchObject({ status: 0 });
      }
      return (performance.now() - began) / rounds;
    };

    test("leaves no instruction of a container that asks unprotected", async () => {
      const figures: Record<string, unknown> = {};
      // The attack works on whoever does not ask, and finds each of them.
      const open = await attacked(async () => {
        figures["millisecondsWithout"] = await many({});
      });
      expect(open.got).toBeGreaterThanOrEqual(rounds);
      const closed = await attacked(async () => {
        figures["millisecondsWith"] = await many({ stage: "createRuntime", annotations: asking });
      });
      expect(closed.got, "read between a container's start and its end").toBe(0);
      expect(closed.refused).toBeGreaterThanOrEqual(rounds);
      keepFigures(`hook-${runtime}`, { open, closed, ...figures });
    }, 900_000);

    inAll(
      "does the same as prestart, and inside of the container",
      async () => {
        const closed = await attacked(async () => {
          for (const stage of ["prestart", "createContainer"] as const) {
            const shape: Shape = { runtime, name: `${runtime}-${stage}`, stage, annotations: asking };
            expect(await run(field, shape), stage).toMatchObject({ status: 0 });
          }
        });
        expect(closed.got).toBe(0);
        expect(closed.refused).toBeGreaterThan(0);
      },
      600_000,
    );

    test("protects who enters the container later, and gives each a workload of its own", async () => {
      const shapes = ["a", "b"].map(
        (name): Shape => ({
          runtime,
          name: `${runtime}-${name}`,
          stage: "createRuntime",
          annotations: { ...asking, "io.kubernetes.pod.namespace": "payments", "io.kubernetes.pod.name": "api-0" },
        }),
      );
      const pids: number[] = [];
      for (const shape of shapes) pids.push(await start(field, shape));
      for (const pid of pids) expect(await read(pid)).toBe("refused");
      const { processes, cgroups } = await status();
      const workloads = pids.map((pid) => processes.find((one) => one.pid === pid)?.workload);
      for (const workload of workloads) expect(workload).toMatch(/^payments\.api-0\.[0-9a-f]{12}$/);
      expect(new Set(workloads).size, "though both are called the same").toBe(2);
      expect(cgroups.map(({ path }) => path)).toEqual(
        expect.arrayContaining(shapes.map(({ name }) => `/ct-hook/${name}`)),
      );
      const command = runtime === "crun" ? "crun exec" : "runc exec";
      const entered = field.guest.spawn(`${command} ${runtime}-a /bin/sleep 100000 </dev/null`);
      const find = async (): Promise<string> =>
        (await field.sh(`cat /sys/fs/cgroup/ct-hook/${runtime}-a/cgroup.procs`)).stdout.trim();
      await expect.poll(async () => (await find()).split("\n").length, { timeout: 60_000 }).toBeGreaterThan(1);
      for (const pid of (await find()).split("\n")) expect(await read(Number(pid))).toBe("refused");
      entered.kill("SIGKILL");
      for (const shape of shapes) await end(field, shape);
    }, 600_000);

    test("leaves alone who does not ask", async () => {
      const shape: Shape = { runtime, name: `${runtime}-plain`, stage: "createRuntime" };
      expect(await read(await start(field, shape))).toBe("stolen");
      await end(field, shape);
    }, 300_000);
  });

  test("without an agent starts who does not ask, and nobody else", async () => {
    await field.stopAgent();
    for (const runtime of runtimes) {
      const shape = { runtime, stage: "createRuntime", hookArgs: ["--timeout", "2"] } as const;
      expect(await run(field, { ...shape, name: `${runtime}-left` })).toMatchObject({ status: 0 });
      const refused = await run(field, { ...shape, name: `${runtime}-refused`, annotations: asking });
      expect(refused.status).not.toBe(0);
      expect(refused.stderr).toContain(`container ${runtime}-refused is not started: no agent answers`);
      const allowed = { ...shape, hookArgs: [...shape.hookArgs, "--on-failure", "allow"], annotations: asking };
      expect(await run(field, { ...allowed, name: `${runtime}-allowed` })).toMatchObject({ status: 0 });
    }
  }, 600_000);

  onlyInAll(() =>
    test("waits for an agent that comes", async () => {
      const hookArgs = ["--timeout", "290"];
      const shape: Shape = {
        runtime: "crun",
        name: "crun-waits",
        stage: "createRuntime",
        hookArgs,
        annotations: asking,
      };
      const waiting = attacked(async () => expect(await run(field, shape)).toMatchObject({ status: 0 }));
      await field.startAgent(config);
      expect(await waiting).toMatchObject({ got: 0 });
    }, 600_000),
  );
});
