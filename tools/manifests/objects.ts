// SPDX-License-Identifier: Apache-2.0
// Every object of the installation but the daemon set. Values that differ between kustomize and the chart are parameters.

import { labels, metricsPort, name, selector } from "./settings.js";

export type Manifest = { apiVersion: string; kind: string; metadata: Record<string, unknown> } & Record<
  string,
  unknown
>;

const meta = (namespace: string, more: Record<string, unknown> = {}) => ({ name, namespace, labels, ...more });

/** Pod Security admission: the agent needs what only the level "privileged" lets through, and nothing else is to run here. */
export function namespaceObject(namespace: string): Manifest {
  const level = Object.fromEntries(
    ["enforce", "audit", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "privileged"]),
  );
  return { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: { ...labels, ...level } } };
}

/** Pods, to be read, and nothing else. A field selector is no rule of access: the token of each node reads all pods. */
export function rbac(namespace: string): Manifest[] {
  const role = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: meta(namespace), automountServiceAccountToken: false },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name, labels },
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name, labels },
      roleRef: role,
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ];
}

export function configMap(namespace: string, config: string): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: meta(namespace), data: { "config.yaml": config } };
}

/** Some clusters let pods of this priority run only where a quota says so. */
export function priorityQuota(namespace: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: meta(namespace),
    spec: {
      hard: { pods: "10000" },
      scopeSelector: {
        matchExpressions: [{ scopeName: "PriorityClass", operator: "In", values: ["system-node-critical"] }],
      },
    },
  };
}

/**
 * In: metrics, from where monitoring runs. Out: TCP on the ports of API servers, to any address, since the server's is the
 * cluster's, and the cluster's names. Receivers of events on other ports are yours to add, or their events stay in the spool.
 */
export function networkPolicy(namespace: string): Manifest {
  const inNamespace = (of: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": of } } });
  const names = { ...inNamespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: meta(namespace),
    spec: {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [inNamespace("monitoring")], ports: [{ protocol: "TCP", port: metricsPort }] }],
      egress: [
        {
          ports: [
            { protocol: "TCP", port: 443 },
            { protocol: "TCP", port: 6443 },
          ],
        },
        {
          to: [names],
          ports: [
            { protocol: "UDP", port: 53 },
            { protocol: "TCP", port: 53 },
          ],
        },
      ],
    },
  };
}

/** Without an address of its own: one target for each pod, for platforms that select only services. */
export function metricsService(namespace: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: meta(namespace, { name: `${name}-metrics` }),
    spec: { clusterIP: "None", selector, ports: [{ name: "metrics", port: metricsPort, targetPort: "metrics" }] },
  };
}

const nodeLabel = { sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "node" };
const endpoint = { port: "metrics", path: "/metrics", interval: "30s", relabelings: [nodeLabel] };

/** Only one of the two, or each agent is counted twice. */
export function podMonitor(namespace: string): Manifest {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: meta(namespace),
    spec: { selector: { matchLabels: selector }, podMetricsEndpoints: [endpoint] },
  };
}

export function serviceMonitor(namespace: string): Manifest {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: meta(namespace),
    spec: { selector: { matchLabels: labels }, jobLabel: "app.kubernetes.io/name", endpoints: [endpoint] },
  };
}
