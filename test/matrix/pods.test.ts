// SPDX-License-Identifier: Apache-2.0
// Pods on a real kernel: an API server names them, their control groups are made as a kubelet makes them, and what runs in
// them is guarded, also while the API server is away or says otherwise.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { GuestCommand } from "../lab/command.js";
import { Guest } from "../lab/guest.js";
import { treeRoot } from "../lab/host.js";
import { newContainerId, newUid, type PodObject, podCgroup, podObject } from "../unit/kubernetes-objects.js";
import { ApiServer } from "../unit/kubernetes-server.js";
import type { Order } from "./api-server.js";
import { Field } from "./field.js";
import { nextLine } from "./next-line.js";

/** Between the making of a group and its protection, on a loaded host's emulator. */
const patience = { timeout: 90_000, interval: 500 };

interface SeenPod {
  pod?: { namespace: string; name: string };
  container?: { id: string; name?: string };
  workload?: string;
}

describe("pods of the node", () => {
  const files = mkdtempSync(join(tmpdir(), "ct-pods-"));
  let field: Field;
  let api: GuestCommand;
  const orders: string[] = [];

  beforeAll(async () => {
    // Only for the certificate, which takes openssl.
    const server = await ApiServer.start(files);
    await server.down();
    writeFileSync(join(files, "package.json"), '{ "type": "module" }');
    const own = (path: string) => ({ from: join(treeRoot(), "dist/test", path), to: `/opt/api/${path}` });
    field = new Field(
      await Guest.boot({
        kernel: "6.12",
        timeoutSeconds: 300,
        copy: [
          ...["unit/kubernetes-server.js", "unit/kubernetes-objects.js", "matrix/api-server.js"].map(own),
          ...["ca.crt", "api.key", "token", "package.json"].map((name) => ({
            from: join(files, name),
            to: `/opt/api/${name}`,
          })),
        ],
      }),
    );
    api = field.guest.spawn("exec node /opt/api/matrix/api-server.js /opt/api");
    const url = await nextLine(api, 0, 240_000);
    const kubernetes = { apiServer: url, tokenFile: "/opt/api/token", caFile: "/opt/api/ca.crt" };
    // It answers before the first list of pods has come, and says so.
    await field.startAgent({ mode: "enforce", nodeName: "node-1", kubernetes }).catch((error: Error) => {
      if (!error.message.includes("pods of this node")) throw error;
    });
    await vi.waitFor(async () => expect(await workloads()).toContain('"ready":true'), patience);
  }, 900_000);

  afterAll(async () => {
    await field?.guest.close();
    rmSync(files, { recursive: true, force: true });
  });

  async function order(what: Order): Promise<void> {
    api.write(`${JSON.stringify(what)}\n`);
    orders.push(await nextLine(api, 1 + orders.length, 120_000));
  }

  /** Starts a program in a container's group, as a runtime does: it enters the group, then becomes the program. */
  async function container(pod: PodObject, id: string): Promise<number> {
    const group = `/sys/fs/cgroup${podCgroup(pod.metadata.uid, "cgroupfs", "Burstable")}/${id}`;
    const script = `mkdir -p ${group} && echo $$ > ${group}/cgroup.procs && exec env SECRET=hidden sleep 100000`;
    const { stdout } = await field.sh(`sh -c '${script}' >/dev/null 2>&1 & echo $!`);
    return Number(stdout);
  }

  async function makeGroup(pod: PodObject): Promise<void> {
    await field.sh(`mkdir -p /sys/fs/cgroup${podCgroup(pod.metadata.uid, "cgroupfs", "Burstable")}`);
  }

  async function read(pid: number): Promise<string> {
    const { stdout, stderr } = await field.sh(`cat /proc/${pid}/environ | tr '\\0' '\\n' | grep SECRET`);
    return stdout.includes("hidden") ? "stolen" : /not permitted/.test(stderr) ? "refused" : `nothing: ${stderr}`;
  }

  const workloads = async (): Promise<string> => (await field.control("GET", "/v1/status")).stdout;

  const id = newContainerId();
  const pod = podObject({ uid: newUid(), name: "api-0", containers: { app: id } });
  const other = podObject({ name: "web-0", annotations: { "cloudtaser.io/ebpf": "false" } });
  let first: number;

  test("that ask for it are guarded, and their neighbours are not", async () => {
    for (const one of [pod, other]) {
      await order({ put: one });
      await makeGroup(one);
    }
    first = await container(pod, id);
    const neighbour = await container(other, newContainerId());
    await expect.poll(() => read(first), patience).toBe("refused");
    expect(await read(neighbour)).toBe("stolen");
  }, 300_000);

  test("have their names in events", async () => {
    const isIt = ({ vector, target }: { vector: string; target?: { pid: number } }): boolean =>
      vector === "environ_read" && target?.pid === first;
    const events = await field.events((seen) => seen.some(isIt));
    const target = events.findLast(isIt)?.target as SeenPod | undefined;
    expect(target?.pod).toMatchObject({ namespace: "payments", name: "api-0", uid: pod.metadata.uid });
    expect(target?.container).toEqual({ id, name: "app" });
    expect(target?.workload).toMatch(/^payments\.api-0\./);
  }, 120_000);

  test("stay guarded when the API says otherwise, and so does who comes into them", async () => {
    await order({ put: podObject({ ...pod.metadata, annotations: { "cloudtaser.io/ebpf": "false" } }) });
    await order({ remove: pod.metadata.uid });
    const second = await container(pod, newContainerId());
    await expect.poll(() => read(second), patience).toBe("refused");
    expect(await read(first)).toBe("refused");
  }, 300_000);

  test("stay guarded while the API server is away, and what was named before is guarded as it comes", async () => {
    const waiting = podObject({ name: "db-0" });
    await order({ put: waiting });
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    api.kill("SIGKILL");
    await makeGroup(waiting);
    const third = await container(waiting, newContainerId());
    await expect.poll(() => read(third), patience).toBe("refused");
    expect(await read(first)).toBe("refused");
    expect(await workloads()).toContain("What is protected stays so");
  }, 300_000);

  test("are forgotten with their control groups", async () => {
    const group = `/sys/fs/cgroup${podCgroup(pod.metadata.uid, "cgroupfs", "Burstable")}`;
    await field.sh(`echo 1 > ${group}/cgroup.kill; sleep 1; rmdir ${group}/* ${group}`);
    await expect.poll(workloads, patience).not.toContain("payments.api-0.");
    expect(await workloads()).toContain("payments.db-0.");
  }, 300_000);
});
