// SPDX-License-Identifier: Apache-2.0
// The agent in containers of crun, as the daemon set has it started: its capabilities and no more, a root file system that
// is read-only and another one each time, the node's process ids, a cgroup namespace of its own, and what it mounts.

import { join } from "node:path";
import { daemonSet, resources } from "../../tools/manifests/daemonset.js";
import { mounts, capabilities as privileges } from "../../tools/manifests/privileges.js";
import { Guest } from "../lab/guest.js";
import { treeRoot } from "../lab/host.js";
import type { GuestOptions } from "../lab/prepare.js";
import { triggerDir } from "./field.js";

interface Status {
  ready: boolean;
  pid: number;
  notReady: string[];
  tookOver: boolean;
  doors: { door: string; attached: boolean; proved: boolean; reason: string }[];
  warnings: string[];
}

interface SecurityContext {
  allowPrivilegeEscalation: boolean;
  readOnlyRootFilesystem: boolean;
  capabilities: { add: string[] };
}

const { securityContext, args } = (
  daemonSet({ namespace: "x", image: "x", pullPolicy: "Always", resources })["spec"] as {
    template: { spec: { containers: [{ securityContext: SecurityContext; args: string[] }] } };
  }
).template.spec.containers[0];

/** What the image holds, from what the guest has of it. */
const makeImage = `set -e
node=$(readlink -f "$(command -v node || echo /opt/node/node)")
library=/img/usr/lib/cloudtaser
mkdir -p /img/usr/bin $library /img/tmp /img/etc/cloudtaser /img/run/cloudtaser /img/var/lib/cloudtaser /img/proc /img/sys /img/dev
install -m 0755 "$node" $library/node
cp -r /opt/cloudtaser/package.json /opt/cloudtaser/dist /opt/cloudtaser/build $library/
install -m 0755 /run/launch /img/usr/bin/cloudtaser
for file in $(ldd "$node" /opt/cloudtaser/build/Release/cloudtaser.node | sed -n -e 's/.*=> \\(\\/[^ ]*\\) .*/\\1/p' -e 's/^\\t\\(\\/[^ ]*\\) .*/\\1/p' | sort -u); do
  mkdir -p "/img$(dirname "$file")"; cp -L "$file" "/img$file"
done
echo 'root:x:0:0:root:/:/x' > /img/etc/passwd
mkdir -p /run/conf /run/cloudtaser /var/lib/cloudtaser`;

/** Read-only and masked as the runtimes of Kubernetes have it. */
const masked = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/sys/firmware"];
const readOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
const devices = [3, 5, 7, 8, 9].map((minor) => ({ allow: true, type: "c", major: 1, minor, access: "rwm" }));

/** What a pod of a cluster is given besides: its sandbox's network, and the API server with the account for it. */
export interface Cluster {
  /** File of the network namespace. */
  network: string;
  /** On 127.0.0.1 in it. */
  port: number;
  /** Directory with token and ca.crt. */
  account: string;
}

const accountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";
const service = ({ port }: Cluster): string[] => [
  "KUBERNETES_SERVICE_HOST=127.0.0.1",
  `KUBERNETES_SERVICE_PORT=${port}`,
];

/** As the overlay least-privilege has it. */
export type Given = "all" | "least";

const spared = new Set([...privileges, ...mounts].filter((one) => one.spared).map(({ name }) => name));

function bundle(directory: string, command: readonly string[], cluster: Cluster | undefined, given: Given) {
  const isGiven = (name: string): boolean => given === "all" || !spared.has(name);
  const capabilities = securityContext.capabilities.add.filter(isGiven).map((name) => `CAP_${name}`);
  const tmpfs = { type: "tmpfs", source: "tmpfs" };
  return {
    ociVersion: "1.0.0",
    process: {
      user: { uid: 0, gid: 0 },
      args: command,
      env: ["PATH=/usr/bin", "NODE_NAME=node-1", ...(cluster ? service(cluster) : [])],
      cwd: "/",
      noNewPrivileges: !securityContext.allowPrivilegeEscalation,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    root: { path: `${directory}/root`, readonly: securityContext.readOnlyRootFilesystem },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", ...tmpfs, options: ["nosuid", "mode=755"] },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
      { destination: "/tmp", ...tmpfs, options: ["size=16m", "mode=1777"] },
      { destination: "/etc/cloudtaser", type: "bind", source: "/run/conf", options: ["rbind", "ro"] },
      ...mounts.map(({ name, path, write }) => ({
        destination: path,
        type: "bind",
        source: path,
        options: ["rbind", "rslave", write && isGiven(name) ? "rw" : "ro"],
      })),
      ...(cluster
        ? [{ destination: accountDirectory, type: "bind", source: cluster.account, options: ["rbind", "ro"] }]
        : []),
    ],
    linux: {
      namespaces: [
        ...["ipc", "uts", "mount", "cgroup"].map((type) => ({ type })),
        { type: "network", ...(cluster ? { path: cluster.network } : {}) },
      ],
      maskedPaths: masked,
      readonlyPaths: readOnly,
      cgroupsPath: `/kubepods.slice/kubepods-besteffort.slice/${directory.slice("/run/".length)}`,
      resources: { devices: [{ allow: false, access: "rwm" }, ...devices] },
    },
  };
}

export const byLauncher = ["/usr/bin/cloudtaser", ...args];
/** As an image without the launcher would. */
export const bySelf = ["/usr/lib/cloudtaser/node", "/usr/lib/cloudtaser/dist/bin/cloudtaser.cjs", ...args];

export class ContainerNode {
  readonly guest: Guest;
  cluster: Cluster | undefined;
  #made = 0;

  private constructor(guest: Guest) {
    this.guest = guest;
  }

  /** @param config text of the configuration's file */
  static async boot(kernel: string, config: string, more: Partial<GuestOptions> = {}): Promise<ContainerNode> {
    const copy = [{ from: join(treeRoot(), "build/cloudtaser-launch"), to: "/run/launch" }, ...(more.copy ?? [])];
    const node = new ContainerNode(
      await Guest.boot({ kernel, systemd: true, memory: "2G", timeoutSeconds: 300, ...more, copy }),
    );
    await node.must(makeImage);
    await node.guest.writeFile("/run/conf/config.yaml", config);
    return node;
  }

  async must(command: string, timeoutSeconds = 300): Promise<string> {
    const { status, stdout, stderr } = await this.guest.run(command, { timeoutSeconds });
    if (status !== 0)
      throw new Error(`${command}\nended with status ${status}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
    return stdout;
  }

  /** A container with a root file system of its own; returns its name. */
  async start(command: readonly string[], given: Given = "all"): Promise<string> {
    const name = `agent${++this.#made}`;
    const directory = `/run/${name}`;
    const layers = `lowerdir=/img,upperdir=${directory}/up/u,workdir=${directory}/up/w`;
    await this.must(`mkdir -p ${directory}/up ${directory}/root && mount -t tmpfs t ${directory}/up &&
      mkdir ${directory}/up/u ${directory}/up/w && mount -t overlay o -o ${layers} ${directory}/root`);
    await this.guest.writeFile(
      `${directory}/config.json`,
      JSON.stringify(bundle(directory, command, this.cluster, given)),
    );
    await this.must(
      `cd ${directory} && crun --cgroup-manager=cgroupfs run -d ${name} >${directory}/log 2>&1 </dev/null`,
    );
    return name;
  }

  /** Undefined if nobody answers in this time. */
  async status(patienceSeconds: number): Promise<Status | undefined> {
    const { status, stdout } = await this.guest.run(
      [`${triggerDir}/ask`, "--for", `${patienceSeconds}`, "GET", "/v1/status"],
      {
        timeoutSeconds: patienceSeconds + 60,
      },
    );
    return status === 0 ? (JSON.parse(stdout) as Status) : undefined;
  }

  /** As a kernel that is out of memory would, or a node that goes on without it. */
  async kill(name: string): Promise<void> {
    await this.must(`crun kill ${name} KILL || true
      for i in $(seq 100); do crun state ${name} 2>/dev/null | grep -q '"running"' || break; sleep 0.1; done
      crun delete -f ${name}`);
  }

  async log(name: string): Promise<string> {
    return this.must(`tail -c 4000 /run/${name}/log`);
  }
}
