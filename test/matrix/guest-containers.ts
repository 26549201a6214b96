// SPDX-License-Identifier: Apache-2.0
// Containers of crun and runc in a guest, each with a secret in its environment, and with hooks in their specification as
// the examples for runtimes have them.

import { hookCommand, hookDirectory, hookEnvironment } from "../../tools/manifests/hook.js";
import { type Field, triggerDir } from "./field.js";

export type Runtime = "crun" | "runc";
export type Stage = "prestart" | "createRuntime" | "createContainer";

export interface Shape {
  runtime: Runtime;
  name: string;
  annotations?: Record<string, string>;
  /** Where the hook stands; undefined: there is none. */
  stage?: Stage;
  hookArgs?: readonly string[];
  /** Below the mount. */
  cgroup?: string;
  args?: readonly string[];
  /** Bytes of memory. */
  memory?: number;
  /** Capabilities of an attacker, the node's process ids and the attack programs; and not the secret. */
  privileged?: boolean;
}

/** In every container's environment, and in nobody else's. */
export const needle = "in-a-container-alone";

const rootfs = "/run/box/rootfs";
const makeRoot = `set -e
mkdir -p ${rootfs}/bin ${rootfs}/attacks ${rootfs}/proc ${rootfs}/dev ${rootfs}/sys
cp /bin/busybox ${rootfs}/bin/busybox
for name in sh sleep cat echo env tail; do ln -sf busybox ${rootfs}/bin/$name; done`;

/** Makes what containers are of, and puts the hook on the node as the daemon set's container does. */
export async function prepareContainers(field: Field): Promise<void> {
  const { status, stdout, stderr } = await field.sh(`${makeRoot}; cloudtaser hook --install ${hookDirectory}`, 300);
  if (status !== 0) throw new Error(`no hook on the node: ${stderr}`);
  if (stdout.trim() !== hookCommand.join(" ")) throw new Error(`the examples start something else than ${stdout}`);
}

const saidBy = (name: string): string => `/run/box/${name}/hook.log`;

const zero = { allow: true, type: "c", major: 1, minor: 5, access: "rwm" };

/** What an attacker needs for whom no guard stands in the way. */
const all = ["SYS_PTRACE", "SYS_ADMIN", "DAC_READ_SEARCH", "DAC_OVERRIDE", "KILL", "BPF", "PERFMON"].map(
  (name) => `CAP_${name}`,
);

export function specification(shape: Shape) {
  const { name, annotations = {}, stage, hookArgs = [], cgroup, args, memory, privileged = false } = shape;
  const [path = "", ...rest] = hookCommand;
  // A runtime that gave up first would hide what the hook says.
  const hook = { path, args: [path, ...rest, ...hookArgs], env: hookEnvironment, timeout: 300 };
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid: 0, gid: 0 },
      args: args ?? ["/bin/sleep", "1"],
      env: ["PATH=/bin", ...(privileged ? [] : [`SECRET=${needle}`])],
      cwd: "/",
      noNewPrivileges: true,
      ...(privileged ? { capabilities: { bounding: all, effective: all, permitted: all } } : {}),
    },
    root: { path: rootfs, readonly: true },
    hostname: name,
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"] },
      ...(privileged ? [{ destination: "/attacks", type: "bind", source: triggerDir, options: ["rbind", "ro"] }] : []),
    ],
    // crun keeps to itself what hooks say, unless it is given a file.
    annotations: { ...annotations, "run.oci.hooks.stderr": saidBy(name) },
    ...(stage === undefined ? {} : { hooks: { [stage]: [hook] } }),
    linux: {
      namespaces: ["mount", "ipc", "uts", "network", ...(privileged ? [] : ["pid"])].map((type) => ({ type })),
      cgroupsPath: cgroup ?? `/ct-hook/${name}`,
      // /dev/zero for who shall run out of memory.
      ...(memory === undefined ? {} : { resources: { memory: { limit: memory, swap: memory }, devices: [zero] } }),
    },
  };
}

const commandOf = (runtime: Runtime): string => (runtime === "crun" ? "crun --cgroup-manager=cgroupfs" : "runc");

export interface Ended {
  status: number;
  stderr: string;
}

export async function writeBundle(field: Field, shape: Shape): Promise<string> {
  const bundle = `/run/box/${shape.name}`;
  await field.sh(`mkdir -p ${bundle}`);
  await field.guest.writeFile(`${bundle}/config.json`, JSON.stringify(specification(shape)));
  return `cd ${bundle} && ${commandOf(shape.runtime)} run`;
}

/** To its end. The hook waits for an emulated agent, so it has more time than by default. */
export async function run(field: Field, shape: Shape): Promise<Ended> {
  const command = await writeBundle(field, { ...shape, hookArgs: shape.hookArgs ?? ["--timeout", "100"] });
  const { status, stderr } = await field.sh(`${command} ${shape.name} </dev/null`, 400);
  const said = (await field.sh(`cat ${saidBy(shape.name)} 2>/dev/null`)).stdout;
  return { status, stderr: stderr + said };
}

/** Goes on running; returns the process id of its first process. */
export async function start(field: Field, shape: Shape): Promise<number> {
  const long = { args: ["/bin/sleep", "100000"], hookArgs: ["--timeout", "100"] };
  const command = await writeBundle(field, { ...long, ...shape });
  const log = `/run/box/${shape.name}/log`;
  const { status } = await field.sh(`${command} -d ${shape.name} </dev/null >${log} 2>&1`, 300);
  const { stdout } = await field.sh(`cat ${log} >&2; ${commandOf(shape.runtime)} state ${shape.name}`);
  if (status !== 0) throw new Error(`${shape.name} did not start: ${(await field.sh(`cat ${log}`)).stdout}`);
  return (JSON.parse(stdout) as { pid: number }).pid;
}

export async function end(field: Field, { runtime, name }: Shape): Promise<void> {
  await field.sh(`${commandOf(runtime)} delete -f ${name}`);
}
