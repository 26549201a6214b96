// SPDX-License-Identifier: Apache-2.0
// Pods on a real kernel: an API server names them, their control groups are made as a kubelet makes them, and what runs in
// them is guarded, also while the API server is away or says otherwise.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Guest } from "../lab/guest.js";
import { newContainerId, newUid, type PodObject, podCgroup, podObject } from "../unit/kubernetes-objects.js";
import { Field } from "./field.js";
import { type ApiFiles, apiDirectory, apiFiles, GuestApi } from "./guest-api.js";

/** Between the making of a group and its protection, on a loaded host's emulator. */
const patience = { timeout: 90_000, interval: 500 };

interface SeenPod {
  pod?: { namespace: string; name: string };
  container?: { id: string; name?: string };
  workload?: string;
}

describe("pods of the node", () => {
  let files: ApiFiles;
  let field: Field;
  let api: GuestApi;

  beforeAll(async () => {
    files = await apiFiles();
    field = new Field(await Guest.boot({ kernel: "6.12", timeoutSeconds: 300, copy: files.copy }));
    api = await GuestApi.start(field.guest);
    const kubernetes = {
      apiServer: api.url,
      tokenFile: `${apiDirectory}/token`,
      caFile: `${apiDirectory}/ca.crt`,
    };
    // It answers before the first list of pods has come, and says so.
    await field.startAgent({ mode: "enforce", nodeName: "node-1", kubernetes }).catch((error: Error) => {
      if (!error.message.includes("pods of this node")) throw error;
    });
    await vi.waitFor(async () => expect(await workloads()).toContain('"ready":true'), patience);
  }, 900_000);

  afterAll(async () => {
    await field?.guest.close();
    files?.remove();
  });

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
      await api.order({ put: one });
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
  }, 300_000);

  test("stay guarded when the API says otherwise, and so does who comes into them", async () => {
    await api.order({ put: podObject({ ...pod.metadata, annotations: { "cloudtaser.io/ebpf": "false" } }) });
    await api.order({ remove: pod.metadata.uid });
    const second = await container(pod, newContainerId());
    await expect.poll(() => read(second), patience).toBe("refused");
    expect(await read(first)).toBe("refused");
  }, 300_000);

  test("stay guarded while the API server is away, and what was named before is guarded as it comes", async () => {
    const waiting = podObject({ name: "db-0" });
    await api.order({ put: waiting });
    const decided = async () => (await field.sh("cat /run/cloudtaser/pods.json")).stdout;
    await expect.poll(decided, patience).toContain('"db-0"');
    api.command.kill("SIGKILL");
    await makeGroup(waiting);
    const third = await container(waiting, newContainerId());
    await expect.poll(() => read(third), patience).toBe("refused");
    expect(await read(first)).toBe("refused");
    expect(await workloads()).toContain("What is protected stays so");
  }, 300_000);

  test("are forgotten with their control groups", async () => {
    const group = `/sys/fs/cgroup${podCgroup(pod.metadata.uid, "cgroupfs", "Burstable")}`;
    await field.sh(`echo 1 > ${group}/cgroup.kill
      for g in ${group}/*/ ${group}; do until rmdir $g; do sleep 0.1; done; done 2>/dev/null`);
    await expect.poll(workloads, patience).not.toContain("payments.api-0.");
    expect(await workloads()).toContain("payments.db-0.");
  }, 300_000);
});
