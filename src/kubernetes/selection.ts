// SPDX-License-Identifier: Apache-2.0
// Whether a pod is to be protected, and by which rules: the configuration's selectors first, then the pod's own wish.

import type { KubernetesConfig } from "../config/index.js";
import { type PodRules, readAnnotations } from "./annotations.js";
import type { Pod } from "./pod.js";

export type SelectionConfig = Pick<KubernetesConfig, "select" | "annotation" | "overrides">;

export interface Decision {
  wanted: boolean;
  rules: PodRules;
  problems: string[];
}

/** "*" stands for any characters. In one walk: a regular expression of many stars would take for ever. */
function matches(pattern: string, text: string): boolean {
  let [at, star, from] = [0, -1, 0];
  for (let i = 0; i < text.length; ) {
    if (pattern[at] === "*") {
      star = at++;
      from = i;
    } else if (pattern[at] === text[i]) {
      at++;
      i++;
    } else {
      if (star < 0) return false;
      at = star + 1;
      i = ++from;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}

type Selectable = Pick<Pod, "namespace" | "labels" | "moreLabels">;

/** Where not all labels are kept, one that is not there may be: too many must not be a way out. */
const hasLabel = ({ labels, moreLabels }: Selectable, key: string, value: string): boolean =>
  labels.get(key) === value || (moreLabels === true && !labels.has(key));

function isSelected(pod: Selectable, { select }: SelectionConfig): boolean {
  return select.some(
    ({ namespaces, labels }) =>
      (namespaces?.some((pattern) => matches(pattern, pod.namespace)) ?? true) &&
      Object.entries(labels ?? {}).every(([key, value]) => hasLabel(pod, key, value)),
  );
}

/** What the configuration selects cannot opt out: who writes the pod is not who guards the node. */
export function decide(pod: Selectable & Pick<Pod, "annotations">, config: SelectionConfig): Decision {
  const wish = readAnnotations(pod.annotations);
  const wanted = isSelected(pod, config) || (config.annotation && wish.wanted === true);
  return { wanted, rules: wanted && config.overrides ? wish.rules : {}, problems: wanted ? wish.problems : [] };
}

/** "{}" if there are none; equal text for equal rules. */
export function rulesText({ mode, kill, vectors, egress }: PodRules): string {
  const byName =
    vectors && Object.fromEntries(Object.entries(vectors).sort(([one], [other]) => (one < other ? -1 : 1)));
  return JSON.stringify({ mode, kill, vectors: byName, egress });
}
