// SPDX-License-Identifier: Apache-2.0
// A node as a cluster has it, on one kernel: the agent in a container with the daemon set's own privileges and
// configuration, an API server, containerd with runc and crun, pods' control groups as the kubelet makes them, and
// attackers on the host, in a privileged container and inside, while containers come, work, are probed, paused and die.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { agentConfig } from "../../tools/manifests/settings.js";
import type { GuestCommand } from "../lab/command.js";
import {
  containerCgroup,
  type Driver,
  newContainerId,
  type PodObject,
  podCgroup,
  podObject,
} from "../unit/kubernetes-objects.js";
import { inAll, isWhole } from "./extent.js";
import { Field } from "./field.js";
import { type ApiFiles, apiDirectory, apiFiles, GuestApi } from "./guest-api.js";
import { attacked, attackFromHost, Containerd, type Found } from "./guest-containerd.js";
import { needle, prepareContainers, type Runtime, type Shape } from "./guest-containers.js";
import { byLauncher, ContainerNode } from "./in-container.js";
import { keepFigures } from "./soundness.js";

export interface LabSize {
  kernel: string;
  /** Containers that are started and ended, for each way of starting them. */
  rounds: number;
  /** Pods beside them. */
  pods: number;
  pairs: readonly Pair[];
}

type Pair = readonly [Runtime, Driver];
const layouts: Readonly<Record<Runtime, Driver>> = { runc: "cgroupfs", crun: "systemd" };

/** Small in `make test`, which has one runtime on each kernel; `make containers` has it large, and both. */
export function labSize(runtime: Runtime): Omit<LabSize, "kernel"> {
  const rounds = Number(process.env["CONTAINERS"] ?? 2);
  const both: readonly Runtime[] = ["runc", "crun"];
  const chosen = rounds > 2 ? both : [runtime];
  return { rounds, pods: Number(process.env["PODS"] ?? 20), pairs: chosen.map((one): Pair => [one, layouts[one]]) };
}

const patience = { timeout: 120_000, interval: 500 };
/** Of attackers while a container lives; who is after its first moment takes none. */
const pauseMs = isWhole ? 20 : 100;
const network = "/run/netns/agent";

export function describeContainerLab({ kernel, rounds, pods, pairs }: LabSize): void {
  describe(`containers of a cluster's node, on ${kernel}`, () => {
    let files: ApiFiles;
    let node: ContainerNode;
    let field: Field;
    let api: GuestApi;
    let containerd: Containerd;
    let agent: string;

    beforeAll(async () => {
      files = await apiFiles();
      node = await ContainerNode.boot(kernel, agentConfig("enforce"), {
        packages: ["containerd", "runc"],
        timeoutSeconds: 600,
        copy: files.copy,
      });
      field = new Field(node.guest);
      await node.must("systemctl stop containerd; ip netns add agent && ip -n agent link set lo up");
      api = await GuestApi.start(node.guest, "exec ip netns exec agent");
      node.cluster = { network, port: Number(new URL(api.url).port), account: apiDirectory };
      await prepareContainers(field);
      containerd = await Containerd.start(field);
    }, 1_200_000);

    afterAll(async () => {
      await node?.guest.close();
      files?.remove();
    });

    const groupOf = (pod: PodObject, driver: Driver): string => podCgroup(pod.metadata.uid, driver, "Burstable");
    /** With the controllers handed down, as the kubelet does. */
    const makeGroup = (pod: PodObject, driver: Driver) =>
      node.must(`at=/sys/fs/cgroup; for part in ${groupOf(pod, driver).slice(1).replaceAll("/", " ")}; do
        echo "+memory +pids" > $at/cgroup.subtree_control; at=$at/$part; mkdir -p $at; done`);
    const shapeIn = (pod: PodObject, driver: Driver, shape: Omit<Shape, "name">): Shape => {
      const name = newContainerId();
      return { ...shape, name, cgroup: `${groupOf(pod, driver)}/${containerCgroup("containerd", driver, name)}` };
    };
    const status = async (): Promise<string> => (await field.control("GET", "/v1/status")).stdout;
    const known = (pod: PodObject) =>
      vi.waitFor(async () => expect(await status()).toContain(`payments.${pod.metadata.name}.`), patience);

    test("the agent gets ready in the daemon set's container, by its own configuration", async () => {
      agent = await node.start(byLauncher);
      await vi
        .waitFor(async () => expect(await node.status(60)).toMatchObject({ ready: true, tookOver: false }), patience)
        .catch(async (error: Error) => {
          throw new Error(`${error.message}\n${await node.log(agent)}`);
        });
    }, 600_000);

    // The runtime's own work on one kernel, pods whose containers come and go on the other; make test-all has both on both.
    describe.each(isWhole || kernel === "6.12" ? [...pairs] : [])(
      "of containerd with %s, in the layout of %s",
      (runtime, driver) => {
        const loop = ["/bin/sh", "-c", `trap 'exit 3' TERM; while :; do sleep 0.2; done`];

        test("all that a runtime does works in a protected pod, and no attacker gets anything meanwhile", async () => {
          const pod = podObject({ containers: {} });
          await api.order({ put: pod });
          await makeGroup(pod, driver);
          await known(pod);
          const plain = podObject({ annotations: { "cloudtaser.io/ebpf": "false" } });
          const attacker = shapeIn(plain, driver, {
            runtime,
            privileged: true,
            args: ["/attacks/newcomers", needle, `${pauseMs}`],
          });

          const open = await underAttack(await containerd.attach(attacker), async () => {
            const shape = shapeIn(plain, driver, { runtime, args: loop });
            const running = await containerd.start(shape);
            expect((await containerd.exec(shape.name, "see", "/bin/cat /proc/1/environ")).stdout).toContain(needle);
            await containerd.signal(shape.name, "KILL");
            expect((await running.done).status).toBe(137);
          });
          for (const found of open) expect(found.got, "where nobody asks for protection").toBeGreaterThan(0);

          const closed = await underAttack(await containerd.attach(attacker), async () => {
            const app = shapeIn(pod, driver, { runtime, args: loop });
            const running = await containerd.start(app);
            await probe(app.name, "first");
            await pauseAndResume(app.name);
            await runOutOfMemory(pod, driver, runtime);
            await containerd.signal(app.name, "TERM");
            expect((await running.done).status, "its own").toBe(3);
            // The kubelet starts it again: another container in the same pod.
            const again = shapeIn(pod, driver, { runtime, args: loop });
            const restarted = await containerd.start(again);
            await probe(again.name, "second");
            await containerd.signal(again.name, "KILL");
            expect((await restarted.done).status).toBe(137);
          });
          for (const found of closed) {
            expect(found.got).toBe(0);
            expect(found.refused).toBeGreaterThan(0);
          }
        }, 900_000);
      },
    );

    /** By who is on the host and by this one, a privileged container. */
    async function underAttack(container: GuestCommand, action: () => Promise<void>): Promise<Found[]> {
      const found: Found[] = [];
      found.push(
        await attacked(attackFromHost(field, pauseMs), async () => {
          found.push(await attacked(container, action));
        }),
      );
      await container.done;
      return found;
    }

    /** The probe does its work; who is inside by the same way and looks at the first process gets nothing. */
    async function probe(name: string, id: string): Promise<void> {
      expect(await containerd.exec(name, `${id}-alive`, "/bin/echo alive")).toMatchObject({
        status: 0,
        stdout: "alive\n",
      });
      const script = "i=0; while [ $i -lt 5 ]; do cat /proc/1/environ /proc/1/mem; i=$((i+1)); done";
      const inside = await field.sh(
        `ctr -a /run/ctd/sock task exec --exec-id ${id}-attack ${name} /bin/sh -c '${script}' </dev/null`,
        300,
      );
      expect(inside.stdout).not.toContain(needle);
      expect(inside.stderr.match(/not permitted/g)).toHaveLength(10);
    }

    async function pauseAndResume(name: string): Promise<void> {
      for (const [command, state] of [
        ["pause", "PAUSED"],
        ["metrics", "PAUSED"],
        ["resume", "RUNNING"],
      ] as const) {
        expect(await containerd.ctr(`task ${command} ${name}`), command).toMatchObject({ status: 0 });
        expect(await containerd.state(name), command).toBe(state);
      }
    }

    async function runOutOfMemory(pod: PodObject, driver: Driver, runtime: Runtime): Promise<void> {
      const events = `/sys/fs/cgroup${groupOf(pod, driver)}/memory.events`;
      const kills = async () => Number(/oom_kill (\d+)/.exec(await node.must(`cat ${events}`))?.[1]);
      const before = await kills();
      const hungry = shapeIn(pod, driver, { runtime, memory: 24 << 20, args: ["/bin/tail", "/dev/zero"] });
      expect(await containerd.run(hungry)).toMatchObject({ status: 137 });
      expect(await kills()).toBe(before + 1);
    }

    const churnTests = (): void => {
      const neighbours = Array.from({ length: pods }, () => podObject({ namespace: "crowd" }));

      beforeAll(async () => {
        for (const pod of neighbours) await api.order({ put: pod });
        const groups = neighbours.map((pod) => `/sys/fs/cgroup${groupOf(pod, "cgroupfs")}`);
        await node.must(`mkdir -p ${groups.join(" ")}`);
        const guarded = async (): Promise<number> => {
          const { cgroups } = JSON.parse(await status()) as { cgroups: { workload: string }[] };
          return cgroups.filter(({ workload }) => workload.startsWith("crowd.")).length;
        };
        // Hundreds at once, each with events of its own, on a machine that does nothing fast.
        await vi.waitFor(async () => expect(await guarded()).toBe(pods), { timeout: 800_000, interval: 2_000 });
      }, 1_200_000);

      /** One pod with one container each time; its group is there before, or is made with the container. */
      const churn = (isEarly: boolean, shape: Partial<Shape>) =>
        attacked(attackFromHost(field), async () => {
          for (let round = 0; round < rounds; round++) {
            const [runtime, driver] = pairs[round % pairs.length] ?? ["crun", "systemd"];
            const pod = podObject({ containers: {} });
            await api.order({ put: pod });
            if (isEarly) {
              await makeGroup(pod, driver);
              await known(pod);
            }
            const one = shapeIn(pod, driver, { runtime, args: ["/bin/sleep", "2"], ...shape });
            expect(await containerd.run(one)).toMatchObject({ status: 0 });
          }
        });

      test("are never read where the pod's group is known first, as the kubelet has it", async () => {
        const found = await churn(true, {});
        keepFigures(`gap-${kernel}-early`, { rounds, pods, ...found });
        expect(found).toMatchObject({ got: 0 });
        expect(found.refused).toBeGreaterThan(0);
      }, 1_800_000);

      inAll(
        "are never read with the hook, though nothing of them was there before",
        async () => {
          const found = await churn(false, { stage: "createRuntime", hookArgs: ["--timeout", "100"] });
          keepFigures(`gap-${kernel}-hook`, { rounds, pods, ...found });
          expect(found).toMatchObject({ got: 0 });
          expect(found.refused).toBeGreaterThan(0);
        },
        1_800_000,
      );

      inAll(
        "are read for a moment at most without either, which is measured",
        async () => {
          const found = await churn(false, {});
          keepFigures(`gap-${kernel}-none`, { rounds, pods, ...found });
          expect(found.refused, "the watch alone protects soon").toBeGreaterThan(0);
        },
        1_800_000,
      );
    };
    if (isWhole || kernel === "6.1") describe("containers that come and go beside many pods", churnTests);
  });
}
