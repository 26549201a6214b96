// SPDX-License-Identifier: Apache-2.0
// What is kept of a pod as the API server tells it. Everything is checked: a uid becomes part of a path, names go into
// events, and whoever may write pods, or answer in the server's place, chooses all of it.

/** Prefix of every annotation of ours. */
export const annotationPrefix = "cloudtaser.io/";

export interface Container {
  name: string;
  /** 64 hexadecimal digits. */
  id: string;
  /** As the kubelet says. */
  running: boolean;
}

export interface Pod {
  uid: string;
  /** The uid as the kubelet writes it into control groups: another one for static pods. */
  cgroupUid: string;
  namespace: string;
  name: string;
  labels: ReadonlyMap<string, string>;
  /** It has more labels than are kept: nobody knows any more which it has not. */
  moreLabels?: true;
  /** Those that mean something, without the prefix. */
  annotations: Readonly<Record<string, string>>;
  /** Those that have an id already; init and ephemeral ones too. */
  containers: readonly Container[];
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Kubelets name static pods by a hash of their file. */
const configHash = /^[0-9a-f]{32}$/;
const dnsName = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const containerId = /^(?:containerd|cri-o|docker):\/\/([0-9a-f]{64})$/;

const mostContainers = 256;
const mostLabels = 256;
/** Those that mean something: an object has room for thousands. */
export const annotationNames = ["ebpf", "mode", "vectors", "response", "egress"] as const;
/** Far above what any of ours needs; the server takes 256 KiB for all of one object. */
export const longestAnnotation = 8192;

type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const textOf = (value: unknown, form: RegExp): string | undefined =>
  typeof value === "string" && form.test(value) ? value : undefined;

function textsOf(value: unknown): [string, string][] {
  return Object.entries(fieldsOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string");
}

function containersOf(status: Fields): Container[] {
  const lists = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"].map((key) => status[key]);
  const found: Container[] = [];
  for (const one of lists.filter(Array.isArray).flatMap((list) => list.slice(0, mostContainers))) {
    const { name, containerID, state } = fieldsOf(one);
    const [, id] = (typeof containerID === "string" && containerId.exec(containerID)) || [];
    const known = textOf(name, dnsName);
    if (id !== undefined && known !== undefined)
      found.push({ name: known, id, running: fieldsOf(state)["running"] !== undefined });
  }
  return found.slice(0, mostContainers);
}

/** Copied, since a part of a text keeps all of it in memory; one character too many shows that it was longer. */
const shortened = (text: string): string =>
  text.length <= longestAnnotation ? text : Buffer.from(text.slice(0, longestAnnotation + 1)).toString();

function ownAnnotations(all: unknown): Record<string, string> {
  const fields = fieldsOf(all);
  return Object.fromEntries(
    annotationNames.flatMap((name) => {
      const value = fields[annotationPrefix + name];
      return typeof value === "string" ? [[name, shortened(value)]] : [];
    }),
  );
}

/**
 * A mirror pod stands for a static one, whose control group has the uid that the kubelet gave it: a hash, or a uid. The
 * kubelet makes its node the owner; who else writes all this is found out by claims.ts.
 */
function cgroupUidOf(uid: string, meta: Fields, node: string): string {
  const annotations = fieldsOf(meta["annotations"]);
  const owners = Array.isArray(meta["ownerReferences"]) ? meta["ownerReferences"].map(fieldsOf) : [];
  const mirrored = annotations["kubernetes.io/config.mirror"];
  const hash = annotations["kubernetes.io/config.hash"];
  if (mirrored === undefined || !owners.some(({ kind, name }) => kind === "Node" && name === node)) return uid;
  return textOf(hash, configHash) ?? textOf(hash, uuid) ?? uid;
}

/** Undefined if it is no pod of the node. */
export function podOf(value: unknown, node: string): Pod | undefined {
  const { metadata, spec, status } = fieldsOf(value);
  const meta = fieldsOf(metadata);
  const uid = textOf(meta["uid"], uuid) ?? textOf(meta["uid"], configHash);
  const namespace = textOf(meta["namespace"], dnsName);
  const name = textOf(meta["name"], dnsName);
  if (uid === undefined || namespace === undefined || name === undefined) return undefined;
  if (fieldsOf(spec)["nodeName"] !== node) return undefined;
  const labels = textsOf(meta["labels"]);
  return {
    uid,
    cgroupUid: cgroupUidOf(uid, meta, node),
    namespace,
    name,
    labels: new Map(labels.slice(0, mostLabels)),
    ...(labels.length > mostLabels ? { moreLabels: true as const } : {}),
    annotations: ownAnnotations(meta["annotations"]),
    containers: containersOf(fieldsOf(status)),
  };
}

/** Name of the pod's workload: readable, and unique by the uid, of which nobody who makes a pod has the choice. */
export function workloadOf({ namespace, name, uid }: Pick<Pod, "namespace" | "name" | "uid">): string {
  const readable = `${namespace}.${name}`.slice(0, 48).replace(/[^A-Za-z0-9]+$/, "");
  return `${readable}.${uid.replaceAll("-", "").slice(0, 12)}`;
}
