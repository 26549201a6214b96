// SPDX-License-Identifier: Apache-2.0
// The manifests, looked at as whoever must let them into a cluster would: what may it do, what of the node does it see, does
// the schema know each word, and is the configuration one that the agent takes.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  PodMonitor,
  PrometheusRule,
  ServiceMonitor,
} from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { DaemonSet } from "kubernetes-models/apps/v1";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { ClusterRole, ClusterRoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1";
import { ConfigMap, Namespace, ResourceQuota, Service, ServiceAccount } from "kubernetes-models/v1";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/index.js";
import { overlays } from "../../tools/manifests/kustomize.js";
import { capabilities } from "../../tools/manifests/privileges.js";
import { chart, kustomized, type Manifest, one, podOf, rendered } from "./manifests-rendered.js";

const directory = mkdtempSync(join(tmpdir(), "ct-manifests-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const names = Object.keys(overlays) as (keyof typeof overlays)[];
const made = new Map<string, Manifest[]>(
  await Promise.all(names.map(async (name) => [name, await kustomized(`daemonset/overlays/${name}`)] as const)),
);
made.set("chart", chart());
made.set("chart with all", chart({ podMonitor: true, serviceMonitor: true, hook: { enabled: true } }));
const all = (name: string): Manifest[] => made.get(name) ?? [];

const models = {
  Namespace,
  ServiceAccount,
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  ResourceQuota,
  NetworkPolicy,
  DaemonSet,
  Service,
  PodMonitor,
  ServiceMonitor,
  PrometheusRule,
} as const;

/** All that the agent may do; a new one needs its line in tools/manifests/privileges.ts and here. */
const allowed = [
  "BPF",
  "PERFMON",
  "SYS_ADMIN",
  "SYS_PTRACE",
  "SYS_RESOURCE",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_NICE",
  "SYSLOG",
  "KILL",
  "DAC_READ_SEARCH",
  "DAC_OVERRIDE",
];

describe("rendering", () => {
  it("makes of daemonset/ itself the overlay that detects", async () => {
    expect(await kustomized("daemonset")).toEqual(all("detect"));
  });

  it.each([...made.keys()])("%s: each object is what its schema wants", (name) => {
    const objects = all(name);
    expect(objects.length).toBeGreaterThan(5);
    for (const { kind, ...body } of objects) {
      const Model = models[kind as keyof typeof models];
      expect(Model, kind).toBeDefined();
      // biome-ignore lint/suspicious/noExplicitAny: each model has a constructor of its own.
      expect(() => new (Model as any)(body).validate(), kind).not.toThrow();
    }
  });

  it("would be found out if it were not", () => {
    const { spec, ...rest } = structuredClone(one(all("enforce"), "DaemonSet")) as Manifest & { spec: object };
    const wrong = { ...rest, spec: { ...spec, selector: undefined } };
    // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose.
    expect(() => new DaemonSet(wrong as any).validate()).toThrow(/selector/);
    expect(() => rendered("{{ .Values.a | quote }}", { a: 1 }, "x")).toThrow(/not known/);
    expect(() => rendered("{{ .Values.b }}", { a: 1 }, "x")).toThrow(/no value b/);
  });

  it("puts everything into one namespace, under one name", () => {
    for (const [name, objects] of made) {
      const namespace = name.startsWith("chart") ? "guards" : "cloudtaser-system";
      for (const { kind, metadata } of objects) {
        const global = ["Namespace", "ClusterRole", "ClusterRoleBinding"].includes(kind);
        expect(metadata.namespace, `${name}: ${kind}`).toBe(global ? undefined : namespace);
        if (kind !== "Namespace") expect(metadata.name).toMatch(/^cloudtaser(-dashboard|-metrics)?$/);
      }
      expect(one(objects, "ClusterRoleBinding").subjects).toEqual([
        { kind: "ServiceAccount", name: "cloudtaser", namespace },
      ]);
    }
  });
});

describe.each([...made.keys()])("%s, as a reviewer sees it", (name) => {
  const objects = all(name);
  const { spec, agent } = podOf(objects);
  const isPrivileged = name === "privileged";
  const isReduced = name === "least-privilege";

  it("reads pods, and nothing else of the cluster", () => {
    expect(one(objects, "ClusterRole").rules).toEqual([
      { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
    ]);
    expect(one(objects, "ClusterRoleBinding").roleRef).toMatchObject({ kind: "ClusterRole", name: "cloudtaser" });
    expect(objects.filter(({ kind }) => kind === "Role" || kind === "RoleBinding")).toEqual([]);
    expect(spec["serviceAccountName"]).toBe("cloudtaser");
    // Only this pod gets the token, not whatever else is started under that account.
    expect(one(objects, "ServiceAccount").automountServiceAccountToken).toBe(false);
  });

  it("has exactly the capabilities that reasons are given for", () => {
    const { securityContext } = agent;
    if (isPrivileged) {
      expect(securityContext["privileged"]).toBe(true);
      expect(securityContext).not.toHaveProperty("allowPrivilegeEscalation");
      return;
    }
    expect(securityContext).toMatchObject({ privileged: false, allowPrivilegeEscalation: false });
    const wanted = isReduced
      ? allowed.filter((one) => !["SYS_MODULE", "SYS_RAWIO", "DAC_OVERRIDE"].includes(one))
      : allowed;
    expect(securityContext.capabilities).toEqual({ drop: ["ALL"], add: wanted });
    expect(capabilities.map((one) => one.name)).toEqual(allowed);
  });

  it("cannot write to its image, nor to more of the node than it says", () => {
    expect(agent.securityContext["readOnlyRootFilesystem"]).toBe(true);
    const paths = new Map(
      spec.volumes.flatMap(({ name: volume, hostPath }) => (hostPath ? [[volume, hostPath.path]] : [])),
    );
    const mounted = agent.volumeMounts
      .filter((mount) => paths.has(mount.name))
      .map((mount) => `${mount.mountPath} ${mount.readOnly ? "ro" : "rw"}`);
    expect(mounted.sort()).toEqual([
      "/run/cloudtaser rw",
      "/sys/fs/bpf rw",
      `/sys/fs/cgroup ${isReduced ? "ro" : "rw"}`,
      "/sys/kernel/security ro",
      "/var/lib/cloudtaser rw",
    ]);
    // Where it is on the node, so that paths mean the same on both sides.
    for (const { name: volume, mountPath } of agent.volumeMounts)
      if (paths.has(volume)) expect(paths.get(volume)).toBe(mountPath);
    expect(agent.volumeMounts.find(({ name: volume }) => volume === "config")).toEqual({
      name: "config",
      mountPath: "/etc/cloudtaser",
      readOnly: true,
    });
  });

  it("is in the node's process ids alone, and has no port on the node", () => {
    expect(spec["hostPID"]).toBe(true);
    expect(spec["hostNetwork"]).toBe(false);
    expect(spec["hostIPC"]).toBe(false);
    expect(agent.ports.map(({ hostPort }) => hostPort)).toEqual([undefined]);
    expect(spec.initContainers?.map((one) => one.name)).toEqual(
      ["hook", "chart with all"].includes(name) ? ["hook"] : undefined,
    );
    for (const { image, securityContext, volumeMounts } of spec.initContainers ?? []) {
      expect(image).toBe(agent.image);
      expect(securityContext).toMatchObject({ privileged: false, allowPrivilegeEscalation: false });
      expect(securityContext).toMatchObject({
        readOnlyRootFilesystem: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(securityContext.capabilities).toEqual({ drop: ["ALL"] });
      expect(volumeMounts).toEqual([{ name: "state", mountPath: "/var/lib/cloudtaser" }]);
    }
  });

  it("is on every node, early, and is replaced without two at once", () => {
    expect(spec["tolerations"]).toEqual([{ operator: "Exists" }]);
    expect(spec["priorityClassName"]).toBe("system-node-critical");
    const { updateStrategy } = one(objects, "DaemonSet").spec as { updateStrategy: unknown };
    expect(updateStrategy).toEqual({ type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } });
  });

  it("is alive by its loop alone, and ready by its guards", () => {
    expect(agent["livenessProbe"]).toMatchObject({ httpGet: { path: "/healthz", port: "metrics" } });
    expect(agent["startupProbe"]).toMatchObject({ httpGet: { path: "/healthz" } });
    const { periodSeconds = 0, failureThreshold = 0 } = agent["startupProbe"] as Record<string, number>;
    expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(120);
    expect(agent["readinessProbe"]).toMatchObject({ httpGet: { path: "/readyz" } });
    expect(agent.resources.limits).toEqual({ memory: "256Mi" });
    expect(agent.resources.requests).toHaveProperty("memory");
  });

  it("has a configuration that the agent takes, with guards that outlive a pod", () => {
    const file = join(directory, "config.yaml");
    writeFileSync(
      file,
      objects.find(({ kind, data }) => kind === "ConfigMap" && data?.["config.yaml"])?.data?.["config.yaml"] ?? "",
    );
    const env = { NODE_NAME: "node-1", KUBERNETES_SERVICE_HOST: "10.96.0.1" };
    const config = loadConfig({ file, env });
    const enforces = !["detect", "remove", "chart", "chart with all"].includes(name);
    const onStop = name === "remove" ? "detach" : "leave";
    expect(config).toMatchObject({ mode: enforces ? "enforce" : "detect", nodeName: "node-1", onStop });
    expect(config.kubernetes).toBeDefined();
    expect(config.health.listen).toBe(`:${agent.ports[0]?.containerPort}`);
    expect(agent.args).toEqual(["agent", "--config", "/etc/cloudtaser/config.yaml"]);
    expect(agent.env).toEqual([{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }]);
    // Read-only mounts and settings that need to write do not go together.
    const writes = agent.volumeMounts.some(({ mountPath, readOnly }) => mountPath === "/sys/fs/cgroup" && !readOnly);
    expect(config.hardening.swap).toBe(writes);
    expect(config.stateDirectory).toBe("/var/lib/cloudtaser");
  });

  it("lets nobody reach it but what scrapes, and reaches ports of API servers and the cluster's names", () => {
    const { ingress, egress, policyTypes, podSelector } = one(objects, "NetworkPolicy").spec as Record<string, unknown>;
    expect(policyTypes).toEqual(["Ingress", "Egress"]);
    const namespace = (of: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": of } } });
    const ports = (protocol: string, ...all: number[]) => all.map((port) => ({ protocol, port }));
    expect(ingress).toEqual([{ from: [namespace("monitoring")], ports: ports("TCP", 9090) }]);
    expect(egress).toEqual([
      { ports: ports("TCP", 443, 6443) },
      {
        to: [{ ...namespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
        ports: [...ports("UDP", 53), ...ports("TCP", 53)],
      },
    ]);
    const { selector } = one(objects, "DaemonSet").spec as { selector: unknown };
    expect(podSelector).toEqual(selector);
  });
});

describe("the namespace", () => {
  it.each(names)("of %s says which Pod Security level it needs", (name) => {
    const { metadata } = one(all(name), "Namespace");
    for (const mode of ["enforce", "audit", "warn"])
      expect(metadata.labels?.[`pod-security.kubernetes.io/${mode}`]).toBe("privileged");
  });
});

describe("monitoring", () => {
  it("brings scraping, rules and the dashboard, under names that the rules expect", () => {
    const objects = all("monitoring");
    const { selector, podMetricsEndpoints } = one(objects, "PodMonitor").spec as {
      selector: { matchLabels: Record<string, string> };
      podMetricsEndpoints: { port: string }[];
    };
    const { template } = one(objects, "DaemonSet").spec as { template: { metadata: { labels: object } } };
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    expect(podMetricsEndpoints[0]?.port).toBe(podOf(objects).agent.ports[0]?.name);
    const { metadata } = one(objects, "PodMonitor");
    // Alerts look for jobs called cloudtaser, or NAMESPACE/cloudtaser as the operator names those of a PodMonitor.
    expect(metadata.name).toBe("cloudtaser");
    const dashboard = objects.find(({ metadata: { name } }) => name === "cloudtaser-dashboard");
    expect(dashboard?.metadata.labels).toMatchObject({ grafana_dashboard: "1" });
    expect(JSON.parse(dashboard?.data?.["dashboard.json"] ?? "")).toMatchObject({ uid: "cloudtaser" });
    expect(one(objects, "PrometheusRule").metadata.namespace).toBe("cloudtaser-system");
  });

  it("is left out of the chart unless it is asked for", () => {
    expect(all("chart").filter(({ kind }) => kind.endsWith("Monitor"))).toEqual([]);
    expect(all("chart with all").filter(({ kind }) => kind.endsWith("Monitor"))).toHaveLength(2);
  });
});

describe("the chart", () => {
  it("makes the same objects as the base, but for the namespace", () => {
    // Kustomize drops the last line break of a text in a patch.
    const text = JSON.stringify(all("detect"))
      .replaceAll("cloudtaser-system", "guards")
      .replace(/(?<=preloadModules: \[\])"/, '\\n"');
    const moved = JSON.parse(text) as Manifest[];
    const key = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;
    const byKey = (objects: readonly Manifest[]) => Object.fromEntries(objects.map((object) => [key(object), object]));
    const base = moved.filter(({ kind }) => kind !== "Namespace");
    expect(byKey(chart())).toEqual(byKey(base));
  });

  it("takes values", () => {
    const objects = chart({
      image: { reference: `registry.example.com/ct@sha256:${"ab".repeat(32)}`, pullPolicy: "Always" },
      resources: { limits: { memory: "512Mi" } },
      config: "mode: enforce\nkubernetes: {}\n",
      quota: false,
      networkPolicy: false,
    });
    const { agent } = podOf(objects);
    expect(agent.image).toBe(`registry.example.com/ct@sha256:${"ab".repeat(32)}`);
    expect(agent["imagePullPolicy"]).toBe("Always");
    expect(agent.resources).toEqual({ limits: { memory: "512Mi" } });
    expect(objects.filter(({ kind }) => kind === "ResourceQuota" || kind === "NetworkPolicy")).toEqual([]);
  });
});
