// SPDX-License-Identifier: Apache-2.0
// What a pod asks for itself. What cannot be understood is told and counts as not said: the pod is protected by the rules
// of all, never left out because of a slip.

import { parseDestination, type WorkloadConfig } from "../config/index.js";
import { isVectorName, modes, vectorEntry } from "../vectors/index.js";
import { type annotationNames, longestAnnotation } from "./pod.js";

type AnnotationName = (typeof annotationNames)[number];

/** Rules of one pod before those of all, as the configuration has them for a workload. */
export type PodRules = Pick<WorkloadConfig, "mode" | "kill" | "vectors" | "egress">;

export interface Wish {
  /** The pod asks for protection; undefined: it says nothing. */
  wanted: boolean | undefined;
  rules: PodRules;
  /** What was not understood, a sentence each. */
  problems: string[];
}

/** All pods of a node share what the kernel has room for: who writes one must not take it from the others. */
const mostDestinations = 64;

/** Sets what the value says, or returns what is wrong with it. */
type Reader = (value: string, rules: PodRules) => string | undefined;

const readMode: Reader = (value, rules) => {
  if (value !== "detect" && value !== "enforce") return "must be detect or enforce";
  rules.mode = value;
  return undefined;
};

const readResponse: Reader = (value, rules) => {
  if (value !== "deny" && value !== "kill") return "must be deny or kill";
  rules.kill = value === "kill";
  return undefined;
};

const listOf = (value: string): string[] => value.split(",").map((item) => item.trim());

const readVectors: Reader = (value, rules) => {
  const vectors: NonNullable<PodRules["vectors"]> = {};
  for (const item of listOf(value)) {
    const [name = "", mode, ...more] = item.split("=").map((part) => part.trim());
    if (!isVectorName(name)) return "names a vector that there is not: it must be VECTOR=MODE, separated by commas";
    if (vectorEntry(name).scope === "node") return `${name} is against the node, not against a workload`;
    const known = modes.find((one) => one === mode);
    if (known === undefined || more.length > 0) return `${name} must be given off, detect or enforce`;
    if (vectors[name] !== undefined) return `${name} stands twice`;
    vectors[name] = { mode: known };
  }
  rules.vectors = vectors;
  return undefined;
};

const readEgress: Reader = (value, rules) => {
  const destinations = value.trim() === "none" ? [] : listOf(value);
  if (destinations.length > mostDestinations) return `names more than ${mostDestinations} destinations`;
  if (destinations.some((one) => parseDestination(one) === undefined))
    return "must be addresses or networks with a port if not any is meant, separated by commas, or none";
  rules.egress = destinations;
  return undefined;
};

const readers: Readonly<Record<Exclude<AnnotationName, "ebpf">, Reader>> = {
  mode: readMode,
  vectors: readVectors,
  response: readResponse,
  egress: readEgress,
};

/** Annotations of others below the prefix, as the wrapper's, mean nothing here. */
export function readAnnotations(annotations: Readonly<Record<string, string>>): Wish {
  const wish: Wish = { wanted: undefined, rules: {}, problems: [] };
  const wanted = annotations["ebpf"];
  if (wanted !== undefined) {
    // A slip in the word that asks for protection must not mean none.
    wish.wanted = wanted !== "false";
    if (wanted !== "true" && wanted !== "false")
      wish.problems.push("cloudtaser.io/ebpf must be true or false; the pod is protected");
  }
  for (const [name, read] of Object.entries(readers)) {
    const value = annotations[name];
    if (value === undefined) continue;
    const problem =
      value.length > longestAnnotation ? `is longer than ${longestAnnotation} characters` : read(value, wish.rules);
    if (problem !== undefined) wish.problems.push(`cloudtaser.io/${name} ${problem}; it counts as not there`);
  }
  return wish;
}
