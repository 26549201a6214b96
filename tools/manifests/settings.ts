// SPDX-License-Identifier: Apache-2.0
// What the manifests agree upon, and the agent's configuration in them.

import { stringify } from "yaml";

export const name = "cloudtaser";
export const namespace = "cloudtaser-system";
export const image = { repository: "cloudtaser", tag: "0.1.0" };
export const metricsPort = 9090;

export const labels = {
  "app.kubernetes.io/name": name,
  "app.kubernetes.io/component": "agent",
  "app.kubernetes.io/part-of": name,
} as const;
export const selector = { "app.kubernetes.io/name": name, "app.kubernetes.io/component": "agent" } as const;

export const head =
  "# SPDX-License-Identifier: Apache-2.0\n# Generated from tools/manifests by make generate. Do not edit.\n";

export const yaml = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

export type Mode = "detect" | "enforce";

/** What the rest of the manifests rests on: the port of the probes, and guards that stay while a pod of the set is replaced. */
export const fixedConfig = (onStop: string): string => yaml({ health: { listen: `:${metricsPort}` }, onStop });

/** @param hardens what needs writes to files of others is switched on, and every door can be tried */
export const ownConfig = (mode: string, hardens = true): string =>
  yaml({
    mode,
    kubernetes: {},
    // The image has no modprobe: load on the node what harmless tools need.
    preloadModules: [],
    ...(hardens ? {} : { hardening: { swap: false, coredumpFilter: false }, canary: { untried: "accept" } }),
  });

export const agentConfig = (mode: string, hardens = true, onStop = "leave"): string =>
  fixedConfig(onStop) + ownConfig(mode, hardens);
