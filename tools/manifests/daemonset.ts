// SPDX-License-Identifier: Apache-2.0
// The daemon set: one agent on each node, with exactly the privileges that privileges.ts gives reasons for.

import type { IDaemonSet } from "kubernetes-models/apps/v1";
import type { IContainer, ISecurityContext } from "kubernetes-models/v1";
import type { Manifest } from "./objects.js";
import { capabilities, mounts } from "./privileges.js";
import { labels, metricsPort, name, selector } from "./settings.js";

/** Typed by the schema of the API, so that a word which it does not know is found when this is compiled. */
export const securityContext = {
  privileged: false,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsUser: 0,
  runAsGroup: 0,
  runAsNonRoot: false,
  capabilities: { drop: ["ALL"], add: capabilities.map((one) => one.name) },
  // Both would refuse the canary's attempts before a guard is asked, and a guard that cannot be tried is not proved.
  seccompProfile: { type: "Unconfined" },
  appArmorProfile: { type: "Unconfined" },
  seLinuxOptions: { type: "spc_t" },
} satisfies ISecurityContext;

const probe = (path: string, more: Record<string, number>) => ({ httpGet: { path, port: "metrics" }, ...more });

const fieldOf = (variable: string, fieldPath: string) => ({ name: variable, valueFrom: { fieldRef: { fieldPath } } });

export interface DaemonSetValues {
  namespace: string;
  image: string;
  pullPolicy: NonNullable<IContainer["imagePullPolicy"]>;
  resources: NonNullable<IContainer["resources"]>;
}

export const resources = {
  requests: { cpu: "50m", memory: "128Mi" },
  // No limit on the processor: an attack must not slow its own report down.
  limits: { memory: "256Mi" },
} as const;

function container({ image, pullPolicy, resources: needs }: DaemonSetValues): IContainer {
  return {
    name: "agent",
    image,
    imagePullPolicy: pullPolicy,
    args: ["agent", "--config", "/etc/cloudtaser/config.yaml"],
    env: [fieldOf("NODE_NAME", "spec.nodeName")],
    ports: [{ name: "metrics", containerPort: metricsPort, protocol: "TCP" }],
    // Loading and proving every door takes seconds, on a busy node more.
    startupProbe: probe("/healthz", { periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 90 }),
    // Every door proved, and the pods of the node known.
    readinessProbe: probe("/readyz", { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 2 }),
    // The event loop turns, nothing else: a receiver of events that is dead must not restart the guard.
    livenessProbe: probe("/healthz", { periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 4 }),
    resources: needs,
    securityContext,
    volumeMounts: [
      { name: "config", mountPath: "/etc/cloudtaser", readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
      ...mounts.map(({ name: volume, path, write, propagation }) => ({
        name: volume,
        mountPath: path,
        readOnly: !write,
        ...(propagation === undefined ? {} : { mountPropagation: propagation }),
      })),
    ],
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

export function daemonSet(values: DaemonSetValues): Manifest {
  const set: IDaemonSet = {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace: values.namespace, labels },
    spec: {
      selector: { matchLabels: selector },
      // The guards stand while no agent runs: one node after the other, and none with two agents.
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      template: {
        metadata: {
          labels,
          annotations: {
            "kubectl.kubernetes.io/default-container": "agent",
            "prometheus.io/scrape": "true",
            "prometheus.io/port": String(metricsPort),
          },
        },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: true,
          hostPID: true,
          hostNetwork: false,
          hostIPC: false,
          dnsPolicy: "ClusterFirst",
          priorityClassName: "system-node-critical",
          nodeSelector: { "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" },
          tolerations: [{ operator: "Exists" }],
          terminationGracePeriodSeconds: 30,
          containers: [container(values)],
          volumes: [
            { name: "config", configMap: { name } },
            { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
            ...mounts.map(({ name: volume, path, type }) => ({ name: volume, hostPath: { path, type } })),
          ],
        },
      },
    },
  };
  return set as unknown as Manifest;
}
