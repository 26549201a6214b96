// SPDX-License-Identifier: Apache-2.0
// Programs that enter, start and stop containers for a living: without them a node starts no container and runs no probe. They are known
// by where they lie when the configuration is read; one that is elsewhere goes on the allow list.
import { statSync } from "node:fs";
import { nodeRoot, onNode } from "../config/index.js";

const directories = [
  "/usr/bin",
  "/usr/sbin",
  "/usr/local/bin",
  "/usr/local/sbin",
  "/usr/libexec/crio",
  "/usr/libexec/podman",
  "/opt/bin",
  "/opt/cni/bin",
  "/usr/lib/cni",
  "/usr/libexec/cni",
  "/var/lib/rancher/k3s/data/current/bin",
  "/var/lib/rancher/rke2/bin",
];

/** They enter as copies of themselves, which have another inode: their direct children count as they do. */
const runtimes = ["runc", "crun", "youki"];

const managers = [
  "containerd",
  "containerd-shim-runc-v2",
  "dockerd",
  "docker-proxy",
  "crio",
  "conmon",
  "conmonrs",
  "podman",
  "netavark",
  "buildkitd",
  "kubelet",
  "k3s",
  "rke2",
  "bridge",
  "calico",
  "cilium-cni",
  "flannel",
  "host-device",
  "ipvlan",
  "loopback",
  "macvlan",
  "portmap",
  "ptp",
  "tuning",
];

export interface Runtime {
  path: string;
  /** Its direct children count as it does. */
  children: boolean;
}

/** What of them is on this node. */
export function containerRuntimes(root = nodeRoot()): Runtime[] {
  return directories.flatMap((directory) =>
    [...runtimes, ...managers]
      .map((name) => ({ path: `${directory}/${name}`, children: runtimes.includes(name) }))
      .filter(({ path }) => statSync(onNode(path, root), { throwIfNoEntry: false })?.isFile()),
  );
}
