// SPDX-License-Identifier: Apache-2.0
// The manifests as they would be applied: overlays by the real kustomize, the chart by a small renderer that knows the four
// forms which its templates keep to. Not by the real Helm, which no package source of this tree carries.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import { kustomizeTool } from "../lab/kustomize.js";

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  // What a test looks for differs by kind; it fails where it is not.
  spec?: unknown;
  data?: Record<string, string>;
  rules?: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  subjects?: unknown[];
  roleRef?: { kind: string; name: string };
  automountServiceAccountToken?: boolean;
}

export interface Container {
  name: string;
  image: string;
  args: string[];
  env: { name: string; valueFrom?: { fieldRef?: { fieldPath: string } } }[];
  ports: { name: string; containerPort: number; hostPort?: number }[];
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  securityContext: Record<string, unknown> & { capabilities?: { add: string[]; drop: string[] } };
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean; subPath?: string; mountPropagation?: string }[];
  [probe: string]: unknown;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes: { name: string; hostPath?: { path: string; type: string } }[];
  [field: string]: unknown;
}

const documentsOf = (text: string): Manifest[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((one) => one !== null);

let tool: Promise<string> | undefined;

/** @param path a directory with a kustomization */
export async function kustomized(path: string): Promise<Manifest[]> {
  tool ??= kustomizeTool();
  return documentsOf(execFileSync(await tool, ["build", path], { encoding: "utf8", maxBuffer: 1 << 26 }));
}

type Values = Readonly<Record<string, unknown>>;

const valueAt = (values: Values, path: string): unknown =>
  path.split(".").reduce<unknown>((at, key) => (at as Values | undefined)?.[key], values);

/** As sprig's. */
const nindent = (text: string, by: number): string =>
  `\n${text
    .split("\n")
    .map((line) => " ".repeat(by) + line)
    .join("\n")}`;

const form =
  /(\s*\{\{-|\{\{)\s*(?:(if) \.Values\.([\w.]+)|(end)|(toYaml) \.Values\.([\w.]+) \| nindent (\d+)|\.Values\.([\w.]+)(?: \| nindent (\d+))?|(\.Release\.Namespace))\s*\}\}/g;

/** Throws for a form that it does not know. */
export function rendered(template: string, values: Values, namespace: string): string {
  let shown = true;
  let text = "";
  let from = 0;
  for (const match of template.matchAll(form)) {
    const [all, , isIf, condition, isEnd, , block, by, value, valueBy] = match;
    if (shown) text += template.slice(from, match.index);
    from = match.index + all.length;
    if (isIf) shown = Boolean(valueAt(values, condition ?? ""));
    else if (isEnd) shown = true;
    else if (!shown) continue;
    else if (block) text += nindent(stringify(valueAt(values, block)).trimEnd(), Number(by));
    else if (value) {
      const found = valueAt(values, value);
      if (found === undefined) throw new Error(`no value ${value}`);
      text += valueBy ? nindent(String(found), Number(valueBy)) : String(found);
    } else text += namespace;
  }
  text += template.slice(from);
  if (text.includes("{{")) throw new Error(`a form that is not known: ${text.slice(text.indexOf("{{")).slice(0, 80)}`);
  return text;
}

export function chart(change: Values = {}, namespace = "guards"): Manifest[] {
  const directory = "daemonset/chart";
  const values = { ...(parse(readFileSync(join(directory, "values.yaml"), "utf8")) as Values), ...change };
  return readdirSync(join(directory, "templates")).flatMap((file) =>
    documentsOf(rendered(readFileSync(join(directory, "templates", file), "utf8"), values, namespace)),
  );
}

export function one(all: readonly Manifest[], kind: string): Manifest {
  const found = all.filter((manifest) => manifest.kind === kind);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} of kind ${kind}`);
  return found[0];
}

export function podOf(all: readonly Manifest[]): { spec: PodSpec; agent: Container } {
  const { spec } = (one(all, "DaemonSet").spec as { template: { spec: PodSpec } }).template;
  const [agent, ...more] = spec.containers;
  if (!agent || more.length > 0) throw new Error("not one container");
  return { spec, agent };
}
