// SPDX-License-Identifier: Apache-2.0
// The Helm chart from the same objects. Templates keep to four forms, so that a small renderer in the tests can judge them:
// {{ .Values.a.b }}, {{ .Release.Namespace }}, toYaml with nindent, and if … end around whole lines, never in each other.

import { daemonSet, resources } from "./daemonset.js";
import { installer } from "./hook.js";
import {
  configMap,
  type Manifest,
  metricsService,
  networkPolicy,
  podMonitor,
  priorityQuota,
  rbac,
  serviceMonitor,
} from "./objects.js";
import { fixedConfig, head, image, name, ownConfig, yaml } from "./settings.js";

const namespace = "{{ .Release.Namespace }}";

/** Stands for a block of values until the text is made. */
const block = (path: string): string => `@block ${path}@`;

/** `key: "@block a.b@"` becomes `key:` with the block below, indented by two more than the key. */
function withBlocks(text: string): string {
  return text.replace(
    /^( *)((?:- )?)([\w.-]+): "@block ([\w.]+)@"$/gm,
    (_all, indent: string, item: string, key: string, path: string) =>
      `${indent}${item}${key}:\n${indent}${item.replace(/./g, " ")}  {{- toYaml .Values.${path} | nindent ${indent.length + item.length + 2} }}`,
  );
}

const imageValue = "{{ .Values.image.reference }}";
const pullPolicy = "{{ .Values.image.pullPolicy }}" as "IfNotPresent";

/** The init container that puts the runtimes' hook on the node, before the agent's own. */
function withHook(set: string): string {
  const part = yaml({ initContainers: [{ ...installer, image: imageValue, imagePullPolicy: pullPolicy }] });
  const key = "      containers:\n";
  if (set.split(key).length !== 2) throw new Error("not one list of containers in the daemon set");
  return set.replace(key, `{{- if .Values.hook.enabled }}\n${part.replace(/^(?=.)/gm, "      ")}{{- end }}\n${key}`);
}

const template = (objects: readonly Manifest[], condition?: string): string => {
  const text = withBlocks(objects.map(yaml).join("---\n"));
  return `${head}${condition === undefined ? text : `{{- if .Values.${condition} }}\n${text}{{- end }}\n`}`;
};

const values = {
  // REPOSITORY:TAG, or REPOSITORY@sha256:DIGEST, which nobody can exchange.
  image: { reference: `${image.repository}:${image.tag}`, pullPolicy: "IfNotPresent" },
  resources,
  // Puts the runtimes' hook into /var/lib/cloudtaser/hook on each node; that they start it is the node's configuration.
  hook: { enabled: false },
  quota: true,
  networkPolicy: true,
  podMonitor: false,
  serviceMonitor: false,
  // detach: what the agents do when they stop before the chart is removed.
  onStop: "leave",
  // The agent's configuration, as docs/reference/configuration.md has it, but for onStop and health.
  config: ownConfig("detect"),
  // Of the configuration as it is rendered (docs/AUTHORITY.md); nothing without an authority.
  signature: "",
};

const chart = {
  apiVersion: "v2",
  name,
  description: "Guards processes that hold secrets, on every node",
  type: "application",
  version: image.tag,
  appVersion: image.tag,
  kubeVersion: ">=1.30.0-0",
};

/** Path below daemonset/ → text. */
export function chartFiles(): Map<string, string> {
  const set = daemonSet({
    namespace,
    image: imageValue,
    pullPolicy,
    resources: block("resources") as unknown as object,
  });
  return new Map([
    ["chart/Chart.yaml", `${head}${yaml(chart)}`],
    ["chart/values.yaml", `${head}${yaml(values)}`],
    ["chart/templates/rbac.yaml", template(rbac(namespace))],
    ["chart/templates/config.yaml", template([configMap(namespace, "")]).replace('config.yaml: ""', configBlock)],
    ["chart/templates/daemonset.yaml", withHook(template([set]))],
    ["chart/templates/quota.yaml", template([priorityQuota(namespace)], "quota")],
    ["chart/templates/networkpolicy.yaml", template([networkPolicy(namespace)], "networkPolicy")],
    ["chart/templates/podmonitor.yaml", template([podMonitor(namespace)], "podMonitor")],
    [
      "chart/templates/servicemonitor.yaml",
      template([metricsService(namespace), serviceMonitor(namespace)], "serviceMonitor"),
    ],
  ]);
}

/** What the probes and a rolling update need is there whatever the values say; said twice, the agent refuses it by name. */
const configBlock = `config.yaml: |\n${fixedConfig("{{ .Values.onStop }}")
  .replaceAll('"', "")
  .trimEnd()
  .replace(/^/gm, "    ")}\n    {{- .Values.config | nindent 4 }}
{{- if .Values.signature }}
  config.yaml.sig: |
    {{ .Values.signature }}
{{- end }}`;
