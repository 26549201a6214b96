// SPDX-License-Identifier: Apache-2.0
// daemonset/hook: what puts the runtimes' hook on each node, and what tells a runtime to start it.

import type { IContainer } from "kubernetes-models/v1";
import { image } from "./settings.js";

/** On the node, and in the container that fills it. */
export const hookDirectory = "/var/lib/cloudtaser/hook";

const libraries = `${hookDirectory}/lib`;

/** As `cloudtaser hook --install` names it for the image's Node. */
export const hookCommand = [
  `${libraries}/ld-linux-x86-64.so.2`,
  "--library-path",
  libraries,
  `${hookDirectory}/node`,
  `${hookDirectory}/cloudtaser-hook.cjs`,
];

/** Copies files, and may do nothing else. */
export const installer = {
  name: "hook",
  image: `${image.repository}:${image.tag}`,
  imagePullPolicy: "IfNotPresent",
  args: ["hook", "--install", hookDirectory],
  securityContext: {
    privileged: false,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsUser: 0,
    runAsGroup: 0,
    runAsNonRoot: false,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
    seLinuxOptions: { type: "spc_t" },
  },
  resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } },
  volumeMounts: [{ name: "state", mountPath: "/var/lib/cloudtaser" }],
  terminationMessagePolicy: "FallbackToLogsOnError",
} satisfies IContainer;

/** Seconds until the runtime gives up; the hook itself gives up before, with a line that says why. */
const timeout = 15;

const [path = "", ...rest] = hookCommand;
/** runc gives a hook that has none of its own what the container has, if it starts it there: everybody could read it. */
export const hookEnvironment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"];
const hook = { path, args: [path, ...rest], env: hookEnvironment, timeout };
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** As CRI-O, podman and NRI's hook-injector read it. */
const hooksD = (when: Record<string, unknown>): string =>
  json({ version: "1.0.0", hook, when, stages: ["createRuntime"] });

/** Path below daemonset/hook/ → text. */
export function hookFiles(): Map<string, string> {
  return new Map([
    ["hooks.d/cloudtaser.json", hooksD({ annotations: { "^cloudtaser\\.io/ebpf$": ".*" } })],
    ["hooks.d/cloudtaser-all.json", hooksD({ always: true })],
    ["spec-hooks.json", json({ hooks: { createRuntime: [hook] } })],
  ]);
}
