// SPDX-License-Identifier: Apache-2.0
// What is believed of a pod, what its annotations mean, and which are selected. Whoever writes a pod writes all of it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { readAnnotations } from "../../src/kubernetes/annotations.js";
import { podOf, workloadOf } from "../../src/kubernetes/pod.js";
import { decide } from "../../src/kubernetes/selection.js";
import { cgroupUidIn } from "../../src/kubernetes/store.js";
import { newContainerId, node, podCgroup, podObject } from "./kubernetes-objects.js";

const uid = "3f2a91bc-77de-4c1a-9a40-5b1f0e9d2c11";
const selection = (kubernetes: object = {}) => {
  const config = configSchema.parse({ kubernetes }).kubernetes;
  if (config === undefined) throw new Error("no kubernetes");
  return config;
};
const annotated = (annotations: Record<string, string>, more: object = {}) => {
  const pod = podOf(podObject({ annotations, ...more }), node);
  if (pod === undefined) throw new Error("no pod");
  return pod;
};

describe("a pod", () => {
  it.each(["containerd", "cri-o", "docker"] as const)("of %s is known by uid, names and containers", (runtime) => {
    const id = newContainerId();
    const pod = podOf(podObject({ uid, runtime, containers: { app: id, sidecar: undefined } }), node);
    expect(pod).toMatchObject({ uid, cgroupUid: uid, namespace: "payments", name: "api-3f2a91bc" });
    expect(pod?.containers).toEqual([{ name: "app", id, running: true }]);
    expect(pod?.annotations).toEqual({ ebpf: "true" });
  });

  it("without containers yet is one", () => {
    const object = podObject({ uid });
    expect(podOf({ ...object, status: {} }, node)?.containers).toEqual([]);
    expect(podOf({ ...object, status: undefined }, node)?.containers).toEqual([]);
  });

  it("of another node, or without node, is none of ours", () => {
    expect(podOf(podObject({ nodeName: "node-2" }), node)).toBeUndefined();
    expect(podOf({ ...podObject(), spec: {} }, node)).toBeUndefined();
  });

  it("that is static has the control group of the kubelet's own uid", () => {
    const hash = "0123456789abcdef0123456789abcdef";
    const mirror = { "kubernetes.io/config.mirror": hash, "kubernetes.io/config.hash": hash };
    const owned = (annotations: Record<string, string>, owner: object) => {
      const object = podObject({ uid, annotations });
      const ownerReferences = [{ apiVersion: "v1", uid, controller: true, ...owner }];
      return podOf({ ...object, metadata: { ...object.metadata, ownerReferences } }, node)?.cgroupUid;
    };
    const ours = { kind: "Node", name: node };
    expect(owned(mirror, ours)).toBe(hash);
    expect(owned(mirror, { kind: "Node", name: "node-2" })).toBe(uid);
    expect(owned(mirror, { kind: "ReplicaSet", name: node })).toBe(uid);
    expect(annotated(mirror, { uid }).cgroupUid).toBe(uid);
    // Only what the kubelet itself has marked: else a pod could claim the group of another one.
    expect(owned({ "kubernetes.io/config.hash": hash }, ours)).toBe(uid);
    expect(owned({ ...mirror, "kubernetes.io/config.hash": "../../../etc" }, ours)).toBe(uid);
  });

  it.each([
    ["a path as uid", { uid: "../../system.slice/sshd.service" }],
    ["no uid", { uid: undefined }],
    ["a name with a line break", { name: "api\n{}" }],
    ["a namespace that is no text", { namespace: 7 }],
  ])("with %s is none", (_what, change) => {
    const object = podObject();
    expect(podOf({ ...object, metadata: { ...object.metadata, ...change } }, node)).toBeUndefined();
  });

  it("can be anything at all without a fault", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const object = podObject({ uid });
        podOf(one, node);
        podOf({ metadata: one, spec: other, status: one }, node);
        const pod = podOf({ ...object, status: { containerStatuses: one, initContainerStatuses: [other] } }, node);
        expect(pod?.uid).toBe(uid);
        podOf({ ...object, metadata: { ...object.metadata, annotations: one, labels: other } }, node);
      }),
    );
  });

  it("has a workload name of its own, though another has its name", () => {
    const names = [podObject({ name: "db-0" }), podObject({ name: "db-0" })].map((one) => {
      const pod = podOf(one, node);
      return pod && workloadOf(pod);
    });
    expect(names[0]).not.toBe(names[1]);
    const long = workloadOf({ namespace: "n".repeat(63), name: "a.".repeat(100), uid });
    for (const name of [...names, long]) expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
  });
});

describe("a control group's path", () => {
  it.each(["systemd", "cgroupfs"] as const)("tells the pod's uid (%s)", (driver) => {
    for (const qos of ["Guaranteed", "Burstable", "BestEffort"] as const) {
      for (const above of ["", "kubelet"]) {
        const path = podCgroup(uid, driver, qos, above);
        expect(cgroupUidIn(path), path).toBe(uid);
        expect(cgroupUidIn(`${path}/cri-containerd-${newContainerId()}.scope`)).toBe(uid);
      }
    }
    expect(cgroupUidIn("/kubepods/pod0123456789abcdef0123456789abcdef")).toBe("0123456789abcdef0123456789abcdef");
  });

  it.each(["/", "/system.slice/pod.service", "/kubepods/podtools", `/user.slice/notapod${uid}x`, "/kubepods/pod1"])(
    "%s tells none",
    (path) => expect(cgroupUidIn(path)).toBeUndefined(),
  );
});

describe("annotations", () => {
  it("give a pod rules of its own", () => {
    const { wanted, rules, problems } = readAnnotations({
      ebpf: "true",
      mode: "enforce",
      response: "kill",
      vectors: "chan_io_uring=off, environ_read = detect",
      egress: "10.0.0.0/8:5432, [2001:db8::/32]:443",
    });
    expect({ wanted, problems }).toEqual({ wanted: true, problems: [] });
    expect(rules).toEqual({
      mode: "enforce",
      kill: true,
      vectors: { chan_io_uring: { mode: "off" }, environ_read: { mode: "detect" } },
      egress: ["10.0.0.0/8:5432", "[2001:db8::/32]:443"],
    });
    expect(readAnnotations({ ebpf: "true", egress: "none" }).rules).toEqual({ egress: [] });
  });

  it.each([
    [{ mode: "Enforce" }, /cloudtaser.io\/mode must be detect or enforce; it counts as not there/],
    [{ mode: "" }, /mode must be/],
    [{ response: "reboot" }, /response must be deny or kill/],
    [{ vectors: "environ_raed=off" }, /names a vector that there is not/],
    [{ vectors: "kcore=off" }, /kcore is against the node/],
    [{ vectors: "environ_read" }, /environ_read must be given off, detect or enforce/],
    [{ vectors: "environ_read=off,environ_read=detect" }, /stands twice/],
    [{ vectors: "constructor=off" }, /names a vector that there is not/],
    [{ vectors: "__proto__=off" }, /names a vector that there is not/],
    [{ egress: "db.example.com:5432" }, /must be addresses or networks/],
    [{ egress: "" }, /must be addresses or networks/],
    [{ egress: "10.0.0.1,".repeat(65) }, /more than 64 destinations/],
    [{ mode: "x".repeat(100_000) }, /longer than/],
  ])("that are nonsense are told and count as not there (%#)", (annotations, problem) => {
    const wish = readAnnotations({ ebpf: "true", ...annotations });
    expect(wish).toMatchObject({ wanted: true, rules: {} });
    expect(wish.problems).toHaveLength(1);
    expect(wish.problems[0]).toMatch(problem);
    expect(wish.problems[0]?.length).toBeLessThan(200);
  });

  it("that were misspelt do not leave the pod open", () => {
    for (const slip of ["True", "yes", "1", "", "ture"]) {
      const { wanted, problems } = readAnnotations({ ebpf: slip });
      expect({ slip, wanted, problems: problems.length }).toEqual({ slip, wanted: true, problems: 1 });
    }
    expect(readAnnotations({ ebpf: "false", mode: "?" })).toMatchObject({ wanted: false });
  });

  it("can be anything at all without a fault, and never make a rule that the configuration would refuse", () => {
    const value = fc.oneof(fc.string(), fc.constantFrom("enforce", "kill", "environ_read=off", "10.0.0.1", "none"));
    const words = fc.dictionary(fc.constantFrom("ebpf", "mode", "vectors", "response", "egress", "__proto__"), value);
    fc.assert(
      fc.property(words, (annotations) => {
        const { rules } = readAnnotations(annotations);
        configSchema.parse({ workloads: [{ name: "pod", cgroup: "/x", ...rules }] });
      }),
    );
  });
});

describe("the selection", () => {
  it("takes pods that ask for it, unless the configuration heeds no annotation", () => {
    expect(decide(annotated({}), selection())).toMatchObject({ wanted: true });
    expect(decide(annotated({ "cloudtaser.io/ebpf": "false" }), selection())).toMatchObject({ wanted: false });
    expect(decide(annotated({}), selection({ annotation: false }))).toMatchObject({ wanted: false });
  });

  it.each([
    [{ namespaces: ["payments"] }, true],
    [{ namespaces: ["pay*"] }, true],
    [{ namespaces: ["*"] }, true],
    [{ namespaces: ["pay"] }, false],
    [{ namespaces: ["other", "*ments"] }, true],
    [{ labels: { app: "api" } }, true],
    [{ labels: { app: "api", tier: "db" } }, false],
    [{ namespaces: ["payments"], labels: { app: "web" } }, false],
  ])("by %o: %s", (one, wanted) => {
    const pod = annotated({ "cloudtaser.io/ebpf": "false" });
    expect(decide(pod, selection({ select: [one] })).wanted).toBe(wanted);
  });

  it("lets nobody out who has more labels than are kept", () => {
    const asks = { annotations: { "cloudtaser.io/ebpf": "false" } };
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`a-${i}`, "x"]));
    const pod = podOf(podObject({ ...asks, labels: { ...many, team: "payments" } }), node);
    const few = podOf(podObject({ ...asks, labels: { "a-1": "x" } }), node);
    if (pod === undefined || few === undefined) throw new Error("no pod");
    const wanted = (one: typeof pod, labels: object) => decide(one, selection({ select: [{ labels }] })).wanted;
    expect(wanted(pod, { team: "payments" })).toBe(true);
    expect(wanted(pod, { "a-1": "y" }), "one that is kept").toBe(false);
    expect(wanted(few, { team: "payments" })).toBe(false);
  });

  it("heeds no rules of pods where it shall not, and tells no problem of a pod that it does not take", () => {
    const pod = annotated({ "cloudtaser.io/mode": "detect" });
    expect(decide(pod, selection({ overrides: false }))).toMatchObject({ wanted: true, rules: {} });
    expect(
      decide(annotated({ "cloudtaser.io/ebpf": "false", "cloudtaser.io/mode": "?" }), selection()).problems,
    ).toEqual([]);
  });

  it("takes a pattern of many stars in no time", () => {
    const began = performance.now();
    decide(annotated({}), selection({ select: [{ namespaces: [`${"a*".repeat(31)}b`] }] }));
    const pod = { namespace: "a".repeat(63), labels: new Map(), annotations: {} };
    decide(pod, selection({ select: [{ namespaces: [`${"a*".repeat(31)}b`] }] }));
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
