// SPDX-License-Identifier: Apache-2.0
// A full node: 500 annotated pods of three containers each. All are guarded, a container that comes later too, the agent
// stays small, and a look through all of them is short. The guest's clock counts instructions, a nanosecond each, so that
// what the agent measures is the same on every host.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { GuestCommand } from "../lab/command.js";
import { Guest } from "../lab/guest.js";
import { treeRoot } from "../lab/host.js";
import { containerCgroup, newContainerId, type PodObject, podCgroup, podObject } from "../unit/kubernetes-objects.js";
import { ApiServer } from "../unit/kubernetes-server.js";
import { Field, triggerDir } from "./field.js";
import { nextLine } from "./next-line.js";
import { keepFigures } from "./soundness.js";

const many = 500;
/** The clock of such a guest is slow on a loaded host. */
const patience = { timeout: 400_000, interval: 2_000 };

interface Crowded {
  object: PodObject;
  groups: string[];
}

function crowdedPod(): Crowded {
  const ids = ["app", "sidecar", "log"].map((name) => [name, newContainerId()] as const);
  const object = podObject({ containers: Object.fromEntries(ids) });
  const above = `/sys/fs/cgroup${podCgroup(object.metadata.uid, "systemd", "Burstable")}`;
  return { object, groups: ids.map(([, id]) => `${above}/${containerCgroup("containerd", "systemd", id)}`) };
}

describe("a node of 500 pods", () => {
  const files = mkdtempSync(join(tmpdir(), "ct-many-"));
  const pods = Array.from({ length: many }, crowdedPod);
  let field: Field;
  let crowd: GuestCommand;
  let api: GuestCommand;

  beforeAll(async () => {
    const server = await ApiServer.start(files);
    await server.down();
    writeFileSync(join(files, "package.json"), '{ "type": "module" }');
    const own = (path: string) => ({ from: join(treeRoot(), "dist/test", path), to: `/opt/api/${path}` });
    const guest = await Guest.boot({
      kernel: "6.12",
      icount: true,
      timeoutSeconds: 400,
      copy: [
        ...["unit/kubernetes-server.js", "unit/kubernetes-objects.js", "matrix/api-server.js"].map(own),
        ...["ca.crt", "api.key", "token", "package.json"].map((name) => ({
          from: join(files, name),
          to: `/opt/api/${name}`,
        })),
      ],
    });
    field = new Field(guest);
    crowd = guest.spawn([`${triggerDir}/crowd`]);
    crowd.write(`${pods.flatMap(({ groups }) => groups).join("\n")}\n`);
    crowd.endInput();
    expect(await nextLine(crowd, 0, 400_000)).toBe(String(many * 3));
    api = guest.spawn("exec node /opt/api/matrix/api-server.js /opt/api");
    const url = await nextLine(api, 0, 400_000);
    // While the agent is away, so that it finds them all at once when it comes.
    api.write(`${JSON.stringify({ putAll: pods.map(({ object }) => object) })}\n`);
    expect(await nextLine(api, 1, 400_000)).toBe("done");
    const kubernetes = { apiServer: url, tokenFile: "/opt/api/token", caFile: "/opt/api/ca.crt" };
    await field
      .startAgent({ mode: "enforce", nodeName: "node-1", kubernetes, nodeGuards: "always" }, 600)
      .catch((error: Error) => {
        if (!error.message.includes("pods of this node")) throw error;
      });
  }, 1_800_000);

  afterAll(async () => {
    await field?.guest.close();
    rmSync(files, { recursive: true, force: true });
  });

  const status = async () =>
    JSON.parse((await field.control("GET", "/v1/status")).stdout) as {
      pid: number;
      ready: boolean;
      processes: unknown[];
      cgroups: unknown[];
      warnings: string[];
    };

  async function figures() {
    const { pid } = await status();
    const { stdout } = await field.sh(
      `python3 -c "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9090/metrics').read().decode())"; cat /proc/${pid}/status`,
    );
    const value = (of: RegExp): number => Number(of.exec(stdout)?.[1] ?? Number.NaN);
    return {
      lastPassSeconds: value(/^cloudtaser_kubernetes_reconcile_seconds ([\d.e-]+)/m),
      longestPassSeconds: value(/^cloudtaser_kubernetes_reconcile_longest_seconds ([\d.e-]+)/m),
      residentMiB: Math.round(value(/VmRSS:\s+(\d+)/) / 1024),
      mostResidentMiB: Math.round(value(/VmHWM:\s+(\d+)/) / 1024),
    };
  }

  test("is guarded whole, by an agent that stays small", async () => {
    await vi.waitFor(async () => {
      const { ready, cgroups, processes } = await status();
      expect({ ready, cgroups: cgroups.length, processes: processes.length }).toEqual({
        ready: true,
        cgroups: many,
        processes: many * 3,
      });
    }, patience);
    expect((await status()).warnings.filter((one) => one.includes("unprotected"))).toEqual([]);
    // A while, as it goes on by itself.
    await field.sh("sleep 60", 900);
    const found = await figures();
    keepFigures("many-pods", { pods: many, containers: many * 3, ...found });
    process.stderr.write(`many-pods: ${JSON.stringify(found)}\n`);
    // Times are told, not judged; that they were read is.
    expect(found.longestPassSeconds).toBeGreaterThan(0);
    expect(found.residentMiB).toBeLessThan(150);
  }, 1_800_000);

  test("guards a container that comes into any of them", async () => {
    for (const { groups } of [pods[0], pods[many - 1]].filter((one) => one !== undefined)) {
      const { stdout } = await field.sh(
        `(echo 0 > ${groups[0]}/cgroup.procs; exec env SECRET=hidden sleep 100000) >/dev/null 2>&1 & echo $!`,
      );
      const { stderr } = await field.sh(`until [ "$(cat /proc/${stdout.trim()}/comm)" = sleep ]; do :; done
        cat /proc/${stdout.trim()}/environ | tr '\\0' '\\n'`);
      expect(stderr).toMatch(/not permitted/);
    }
  }, 600_000);
});
