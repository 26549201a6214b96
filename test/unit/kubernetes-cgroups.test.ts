// SPDX-License-Identifier: Apache-2.0
// Pods' control groups found in layouts as kubelets make them, and nothing else taken for one.
import { chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CgroupTree } from "../../src/kubernetes/cgroups.js";
import { containerCgroup, makeMount, newContainerId, newUid, podCgroup } from "./kubernetes-objects.js";

const owner = process.getuid?.() ?? 0;
let directory: string;
let mount: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ct-cgroups-"));
  mount = makeMount(join(directory, "cgroup"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const make = (path: string): string => {
  mkdirSync(join(mount, path), { recursive: true });
  return path;
};

describe("control groups of pods", () => {
  for (const driver of ["systemd", "cgroupfs"] as const) {
    for (const above of ["", "kubelet"]) {
      it(`are found with the ${driver} driver${above && " below the kubelet's own"}, in every class`, () => {
        const expected = new Map<string, string[]>();
        for (const qos of ["Guaranteed", "Burstable", "BestEffort"] as const) {
          const uid = newUid();
          const path = make(podCgroup(uid, driver, qos, above));
          make(`${path}/${containerCgroup("containerd", driver, newContainerId())}`);
          expected.set(uid, [path]);
        }
        const { byUid, watched } = new CgroupTree({ mount, owner }).scan();
        expect(byUid).toEqual(expected);
        expect(watched).toHaveLength(3);
      });
    }
  }

  it("are found in a place that the configuration names", () => {
    const uid = newUid();
    const path = make(`/custom/kubepods/burstable/pod${uid}`);
    const more = [join(mount, "custom/kubepods")];
    expect(new CgroupTree({ mount, owner }).scan().byUid.size).toBe(0);
    expect(new CgroupTree({ mount, owner, more }).scan().byUid).toEqual(new Map([[uid, [path]]]));
  });

  it("are all found that have the name of one pod, and each once", () => {
    const uid = newUid();
    const real = make(podCgroup(uid, "systemd", "Burstable"));
    const decoy = make(`/k8s.io/kubepods/pod${uid}`);
    const tree = new CgroupTree({ mount, owner, more: ["/kubepods.slice/kubepods-burstable.slice"] });
    for (const look of ["the first", "one that knows them"])
      expect(tree.scan().byUid, look).toEqual(new Map([[uid, [real, decoy]]]));
  });

  it("may not be there at all", () => {
    expect(new CgroupTree({ mount, owner }).scan()).toEqual({ byUid: new Map(), watched: [], foreign: new Map() });
  });

  it("are none where the hierarchy is not the unified one", () => {
    rmSync(join(mount, "cgroup.controllers"));
    expect(() => new CgroupTree({ mount, owner }).scan()).toThrow(/is no unified hierarchy \(cgroup v2\)/);
  });

  it.skipIf(owner !== 0)("count only if root made them", () => {
    const uid = newUid();
    const path = make(podCgroup(uid, "cgroupfs", "Burstable"));
    chownSync(join(mount, path), 1000, 1000);
    const { byUid, foreign } = new CgroupTree({ mount }).scan();
    expect(byUid.size).toBe(0);
    expect(foreign).toEqual(new Map([[path, 1000]]));
  });

  it.skipIf(owner !== 0)("are found though the directories above them were given away, which is told", () => {
    const uid = newUid();
    const path = make(podCgroup(uid, "systemd", "Burstable"));
    const [root, ofClass] = ["/kubepods.slice", "/kubepods.slice/kubepods-burstable.slice"];
    for (const above of [root, ofClass]) chownSync(join(mount, above), 1000, 1000);
    const { byUid, foreign, watched } = new CgroupTree({ mount }).scan();
    expect(byUid).toEqual(new Map([[uid, [path]]]));
    expect(foreign).toEqual(
      new Map([
        [root, 1000],
        [ofClass, 1000],
      ]),
    );
    expect(watched).toEqual([join(mount, root), join(mount, ofClass)]);
  });
});

describe("control groups of containers", () => {
  it.each(["containerd", "cri-o", "docker"] as const)("of %s are found by id wherever they are", async (runtime) => {
    const ids = [newContainerId(), newContainerId()] as const;
    const one = make(`/deep/er/${containerCgroup(runtime, "systemd", ids[0])}`);
    const other = make(`/flat/${containerCgroup(runtime, "cgroupfs", ids[1])}`);
    const decoy = make(`/e/v/i/l/${containerCgroup(runtime, "systemd", ids[0])}`);
    make(`/deep/er/crio-conmon-${ids[0]}.scope`);
    const found = await new CgroupTree({ mount, owner }).findContainers(new Set([...ids, newContainerId()]));
    expect(found).toEqual(
      new Map([
        [ids[0], [one, decoy]],
        [ids[1], [other]],
      ]),
    );
  });

  it.skipIf(owner !== 0)("count only if root made all above them", async () => {
    const id = newContainerId();
    make(`/user.slice/mine/${id}`);
    chownSync(join(mount, "user.slice/mine"), 1000, 1000);
    expect((await new CgroupTree({ mount }).findContainers(new Set([id]))).size).toBe(0);
  });
});
