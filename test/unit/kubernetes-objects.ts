// SPDX-License-Identifier: Apache-2.0
// Pods as a kubelet reports them and an API server serves them, and the control groups that belong to them.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const node = "node-1";

export type Runtime = "containerd" | "cri-o" | "docker";
export type Qos = "Guaranteed" | "Burstable" | "BestEffort";
export type Driver = "systemd" | "cgroupfs";

export interface PodShape {
  namespace?: string;
  name?: string;
  uid?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  nodeName?: string;
  runtime?: Runtime;
  qos?: Qos;
  /** Ids by container name; undefined: it waits for its image. */
  containers?: Record<string, string | undefined>;
  running?: boolean;
  /** It says that it stands for the static pod of this uid. */
  mirrorOf?: string;
}

export type PodObject = {
  metadata: { namespace: string; name: string; uid: string; resourceVersion?: string } & Record<string, unknown>;
  spec: { nodeName?: string } & Record<string, unknown>;
  status: Record<string, unknown>;
};

let made = 0;

/** 12 digits that count, so that each is another one. */
const counted = (): string => (++made).toString(16).padStart(12, "0");

export const newUid = (): string => `${counted().slice(4)}-77de-4c1a-9a40-5b1f0e9d2c11`;
export const newContainerId = (): string => `${counted()}${"c0ffee".repeat(9)}`.slice(0, 64).padEnd(64, "0");

export function podObject(shape: PodShape = {}): PodObject {
  const { namespace = "payments", uid = newUid(), runtime = "containerd", qos = "Burstable" } = shape;
  const { name = `api-${uid.slice(0, 8)}`, containers = { app: newContainerId() }, running = true } = shape;
  const hash = shape.mirrorOf;
  const mirrored: Record<string, string> =
    hash === undefined ? {} : { "kubernetes.io/config.mirror": hash, "kubernetes.io/config.hash": hash };
  const statuses = Object.entries(containers).map(([container, id]) => ({
    name: container,
    image: "registry.example.com/payments/api:1.4.2",
    imageID: `registry.example.com/payments/api@sha256:${"ab".repeat(32)}`,
    ready: id !== undefined,
    restartCount: 0,
    started: id !== undefined,
    ...(id === undefined
      ? { state: { waiting: { reason: "ContainerCreating" } } }
      : {
          containerID: `${runtime}://${id}`,
          state: running ? { running: { startedAt: "2026-11-28T20:00:00Z" } } : { terminated: { exitCode: 0 } },
        }),
    lastState: {},
  }));
  return {
    metadata: {
      name,
      generateName: "api-",
      namespace,
      uid,
      creationTimestamp: "2026-11-28T19:59:58Z",
      labels: { app: "api", "pod-template-hash": "7d4b9", ...shape.labels },
      annotations: { "cloudtaser.io/ebpf": "true", ...mirrored, ...shape.annotations },
      ownerReferences: [
        shape.mirrorOf === undefined
          ? { apiVersion: "apps/v1", kind: "ReplicaSet", name: "api-7d4b9", uid: newUid(), controller: true }
          : { apiVersion: "v1", kind: "Node", name: node, uid: newUid(), controller: true },
      ],
      managedFields: [
        { manager: "kubelet", operation: "Update", apiVersion: "v1", subresource: "status", fieldsV1: {} },
      ],
    },
    spec: {
      nodeName: shape.nodeName ?? node,
      serviceAccountName: "default",
      containers: Object.keys(containers).map((container) => ({ name: container, image: "registry.example.com/api" })),
    },
    status: {
      phase: running ? "Running" : "Succeeded",
      qosClass: qos,
      podIP: "10.244.1.17",
      containerStatuses: statuses,
    },
  };
}

/** Path of a pod's group below the mount, as the kubelet makes it. */
export function podCgroup(uid: string, driver: Driver, qos: Qos, above = ""): string {
  const part = qos === "Guaranteed" ? "" : qos.toLowerCase();
  if (driver === "cgroupfs")
    return ["", ...(above ? [above] : []), "kubepods", part, `pod${uid}`]
      .filter((one, i) => i === 0 || one !== "")
      .join("/");
  const prefix = above === "" ? "" : `${above}-`;
  const slice = (name: string): string => `${prefix}${name}.slice`;
  const under = part === "" ? "kubepods" : `kubepods-${part}`;
  const parts = [
    ...(above === "" ? [] : [`${above}.slice`]),
    slice("kubepods"),
    ...(part === "" ? [] : [slice(under)]),
    slice(`${under}-pod${uid.replaceAll("-", "_")}`),
  ];
  return `/${parts.join("/")}`;
}

export function containerCgroup(runtime: Runtime, driver: Driver, id: string): string {
  const prefix = { containerd: "cri-containerd-", "cri-o": "crio-", docker: "docker-" }[runtime];
  if (driver === "systemd") return `${prefix}${id}.scope`;
  return runtime === "cri-o" ? `crio-${id}` : id;
}

/** A directory that looks like the mount of the unified hierarchy. */
export function makeMount(directory: string): string {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "cgroup.controllers"), "cpu memory pids\n");
  for (const other of ["system.slice/sshd.service", "user.slice/user-1000.slice", "init.scope"])
    mkdirSync(join(directory, other), { recursive: true });
  return directory;
}
