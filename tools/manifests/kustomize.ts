// SPDX-License-Identifier: Apache-2.0
// daemonset/ as kustomize wants it: a base that detects, and overlays that each change one thing.

import { daemonSet, resources, securityContext } from "./daemonset.js";
import { hookFiles, installer } from "./hook.js";
import {
  configMap,
  type Manifest,
  metricsService,
  namespaceObject,
  networkPolicy,
  podMonitor,
  priorityQuota,
  rbac,
  serviceMonitor,
} from "./objects.js";
import { capabilities, mounts } from "./privileges.js";
import { agentConfig, head, image, name, namespace, yaml } from "./settings.js";

const documents = (...objects: readonly Manifest[]): string => `${head}${objects.map(yaml).join("---\n")}`;

const kustomization = (body: Record<string, unknown>, kind = "Kustomization"): string => {
  const apiVersion = kind === "Component" ? "kustomize.config.k8s.io/v1alpha1" : "kustomize.config.k8s.io/v1beta1";
  return `${head}${yaml({ apiVersion, kind, ...body })}`;
};

const base = (): [string, string][] => [
  ["namespace.yaml", documents(namespaceObject(namespace))],
  ["rbac.yaml", documents(...rbac(namespace))],
  ["config.yaml", documents(configMap(namespace, agentConfig("detect")))],
  ["quota.yaml", documents(priorityQuota(namespace))],
  ["networkpolicy.yaml", documents(networkPolicy(namespace))],
  [
    "daemonset.yaml",
    documents(
      daemonSet({ namespace, image: `${image.repository}:${image.tag}`, pullPolicy: "IfNotPresent", resources }),
    ),
  ],
];

/** A part of an object that is laid over the one of the base. */
const patchOf = (kind: "DaemonSet" | "ConfigMap", part: Record<string, unknown>): { patch: string } => ({
  patch: yaml({ apiVersion: kind === "DaemonSet" ? "apps/v1" : "v1", kind, metadata: { name, namespace }, ...part }),
});

const config = (mode: string, hardens = true, onStop = "leave") =>
  patchOf("ConfigMap", { data: { "config.yaml": agentConfig(mode, hardens, onStop) } });

const agentContainer = (part: Record<string, unknown>) =>
  patchOf("DaemonSet", { spec: { template: { spec: { containers: [{ name: "agent", ...part }] } } } });

/** Without what only hardening needs, and what is there for proofs alone. */
const reduced = {
  securityContext: {
    ...securityContext,
    capabilities: {
      drop: ["ALL"],
      add: capabilities.filter(({ spared }) => !spared).map((one) => one.name),
    },
  },
  volumeMounts: mounts
    .filter(({ spared }) => spared)
    .map(({ path, name: volume }) => ({ mountPath: path, name: volume, readOnly: true })),
};

/** For nodes whose kernel or runtime wants more. allowPrivilegeEscalation must go: the API refuses the two together. */
const privileged = {
  securityContext: {
    privileged: true,
    allowPrivilegeEscalation: null,
    capabilities: null,
  },
};

export const overlays = {
  detect: { patches: [config("detect")] },
  enforce: { patches: [config("enforce")] },
  "least-privilege": { patches: [config("enforce", false), agentContainer(reduced)] },
  privileged: { patches: [config("enforce"), agentContainer(privileged)] },
  // The way off: agents that stop take the guards with them. Applied, then deleted.
  remove: { patches: [config("detect", true, "detach")] },
  monitoring: { patches: [config("enforce")], components: ["../../monitoring"] },
  hook: { patches: [config("enforce")], components: ["../../hook"] },
} as const satisfies Record<string, { patches: readonly unknown[]; components?: readonly string[] }>;

export type OverlayName = keyof typeof overlays;

/** Path below daemonset/ → text. */
export function kustomizeFiles(): Map<string, string> {
  const own = base();
  const files = new Map(own.map(([file, text]) => [`base/${file}`, text]));
  files.set("base/kustomization.yaml", kustomization({ namespace, resources: own.map(([file]) => file) }));
  files.set("kustomization.yaml", kustomization({ resources: ["overlays/detect"] }));
  for (const [overlay, body] of Object.entries(overlays))
    files.set(`overlays/${overlay}/kustomization.yaml`, kustomization({ resources: ["../../base"], ...body }));
  files.set("monitoring/podmonitor.yaml", documents(podMonitor(namespace)));
  files.set("monitoring/servicemonitor.yaml", documents(metricsService(namespace), serviceMonitor(namespace)));
  files.set("monitoring/kustomization.yaml", monitoring());
  const patch = patchOf("DaemonSet", { spec: { template: { spec: { initContainers: [installer] } } } });
  files.set("hook/kustomization.yaml", kustomization({ patches: [patch] }, "Component"));
  for (const [file, text] of hookFiles()) files.set(`hook/${file}`, text);
  return files;
}

function monitoring(): string {
  return kustomization(
    {
      // servicemonitor.yaml instead of podmonitor.yaml where only services are selected; never both.
      resources: ["podmonitor.yaml", "prometheusrule.yaml"],
      configMapGenerator: [
        {
          name: `${name}-dashboard`,
          namespace,
          files: ["dashboard.json"],
          options: { disableNameSuffixHash: true, labels: { grafana_dashboard: "1" } },
        },
      ],
      patches: [
        {
          target: { kind: "PrometheusRule", name },
          patch: yaml([{ op: "add", path: "/metadata/namespace", value: namespace }]),
        },
      ],
    },
    "Component",
  );
}
