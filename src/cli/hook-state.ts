// SPDX-License-Identifier: Apache-2.0
// What a container runtime tells a hook on standard input. Whoever makes a container chooses its annotations and bundle, so
// all of it is bounded, and none of it is trusted beyond what it says about that container.

import { CloudtaserError, reasonOf } from "../errors/index.js";

export const annotation = "cloudtaser.io/ebpf";

/** Bytes that are kept. Kubernetes takes 256 KiB of annotations of a pod; CRI-O tells them twice, escaped. */
const mostKept = 4 * 1024 * 1024;
/** Bytes that are read, so that the annotation is seen in what is too long to be understood. */
const mostRead = 64 * 1024 * 1024;
const mostDigits = 4_194_304;

/** Next bytes into the buffer; 0 at the end. */
export type Read = (buffer: Buffer) => Promise<number>;

export interface ContainerState {
  id: string;
  /** undefined: the runtime tells none, as crun does inside the container. */
  pid: number | undefined;
  status: string;
  /** It asks for protection. A slip in the word must not mean none. */
  wanted: boolean;
  /** Something of it is Kubernetes', so the agent may know of its pod what does not stand here. */
  ofKubernetes: boolean;
  /** As the runtime tells; "" outside of Kubernetes. */
  namespace: string;
  /** Namespace, pod and container as far as they are told. */
  label: string;
}

/** A state of no use, and whether our annotation stands anywhere in it. */
export interface Unusable {
  error: CloudtaserError;
  wanted: boolean;
}

interface Input {
  text: string;
  tooLong: boolean;
  mentioned: boolean;
}

async function readInput(read: Read): Promise<Input> {
  const kept: Buffer[] = [];
  const buffer = Buffer.allocUnsafe(64 * 1024);
  let [size, rest, mentioned] = [0, "", false];
  for (;;) {
    const length = await read(buffer);
    if (length === 0) break;
    const chunk = buffer.subarray(0, length);
    if (size <= mostKept) kept.push(Buffer.from(chunk));
    size += length;
    // JSON may escape the slash.
    const text = (rest + chunk.toString("latin1")).replaceAll("\\/", "/");
    mentioned ||= text.includes(annotation);
    rest = text.slice(-annotation.length);
    if (size > mostRead) break;
  }
  const tooLong = size > mostKept;
  return { text: tooLong ? "" : Buffer.concat(kept).toString("utf8"), tooLong, mentioned };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const idForm = /^[\w+.:-]{1,256}$/;
const nameForm = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** containerd's CRI, then CRI-O and the kubelet. */
const keys = {
  namespace: ["io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"],
  pod: ["io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"],
  container: ["io.kubernetes.cri.container-name", "io.kubernetes.container.name"],
} as const;

/** Throws what JSON.parse throws, or an Error that says what is wrong. */
function stateOf(text: string): ContainerState {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error("it is no JSON object");
  const { id, pid, status, annotations = {} } = value;
  if (typeof id !== "string" || !idForm.test(id)) throw new Error("it has no id, or one that runtimes do not take");
  const isPid = Number.isInteger(pid) && (pid as number) >= 0 && (pid as number) <= mostDigits;
  if (pid !== undefined && !isPid) throw new Error("its pid is no process id");
  const said = isObject(annotations) ? new Map(Object.entries(annotations)) : new Map<string, unknown>();
  const named = (which: keyof typeof keys): string => {
    const values = keys[which].map((key) => said.get(key));
    return values.find((one): one is string => typeof one === "string" && nameForm.test(one)) ?? "";
  };
  return {
    id,
    pid: pid === 0 ? undefined : (pid as number | undefined),
    status: typeof status === "string" ? status : "",
    wanted: said.has(annotation) && said.get(annotation) !== "false",
    ofKubernetes: [...said.keys()].some((key) => key.startsWith("io.kubernetes.")),
    namespace: named("namespace"),
    label: [named("namespace"), named("pod"), named("container")].filter((one) => one !== "").join("."),
  };
}

export async function readState(read: Read): Promise<ContainerState | Unusable> {
  let mentioned = false;
  try {
    const input = await readInput(read);
    ({ mentioned } = input);
    if (input.tooLong) throw new Error(`it is longer than ${mostKept} bytes`);
    if (input.text === "") throw new Error("it is empty");
    return stateOf(input.text);
  } catch (cause) {
    // V8 quotes what it could not parse, which may be long and is the container maker's.
    const reason = cause instanceof SyntaxError ? "it is not JSON" : reasonOf(cause);
    return {
      error: new CloudtaserError("CONTAINER_STATE", { target: "standard input", fields: { reason }, cause }),
      wanted: mentioned,
    };
  }
}
