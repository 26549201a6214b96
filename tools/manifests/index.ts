// SPDX-License-Identifier: Apache-2.0
// Every generated file below daemonset/ that is about the installation, by its path in the tree.

import { chartFiles } from "./chart.js";
import { kustomizeFiles } from "./kustomize.js";

export function manifests(): Map<string, string> {
  return new Map([...kustomizeFiles(), ...chartFiles()].map(([path, text]) => [`daemonset/${path}`, text]));
}
