// SPDX-License-Identifier: Apache-2.0
// Settings that a running agent cannot change. After a reload it has the old ones: what it says of itself, and what it asks
// by them, is to agree with what it does.
import { type Config, keepProvenance, provenanceOf } from "../config/index.js";

interface Fixed {
  name: string;
  /** Of the configuration, where it is not `name`. */
  keys?: readonly string[];
  of(config: Config): unknown;
  /** The part of `after` that holds the setting, with the value that it has in `before`. */
  kept(before: Config, after: Config): Partial<Config>;
}

const whole = (name: keyof Config): Fixed => ({
  name,
  of: (config) => config[name],
  kept: (before) => ({ [name]: before[name] }),
});

const settings: readonly Fixed[] = [
  whole("form"),
  whole("objectPath"),
  whole("objectDigests"),
  whole("pinPath"),
  whole("preloadModules"),
  {
    name: "health.listen",
    of: ({ health }) => health.listen,
    kept: (before, { health }) => ({ health: { ...health, listen: before.health.listen } }),
  },
  whole("control"),
  whole("stateDirectory"),
  {
    name: "canary.untried",
    of: ({ canary }) => canary.untried,
    kept: (before, { canary }) => ({ canary: { ...canary, untried: before.canary.untried } }),
  },
  whole("nodeName"),
  {
    // Whether there is a cluster, and how it is reached; the rest of it may change.
    name: "kubernetes",
    keys: ["kubernetes.apiServer", "kubernetes.tokenFile", "kubernetes.caFile"],
    of: ({ kubernetes: k }) => k && [k.apiServer, k.tokenFile, k.caFile],
    kept: ({ kubernetes: before }, { kubernetes: after }) => {
      if (before === undefined || after === undefined) return { kubernetes: before };
      const { apiServer, tokenFile, caFile } = before;
      return { kubernetes: { ...after, apiServer, tokenFile, caFile } };
    },
  },
];

/** Their keys in the configuration, for its reference. */
export const fixedKeys: readonly string[] = settings.flatMap(({ name, keys = [name] }) => keys);

/**
 * @param before in force
 * @param after valid, and to be in force
 * @returns what can be in force without a restart, and the names of the settings that wait for one
 */
export function withoutRestart(before: Config, after: Config): { config: Config; waiting: string[] } {
  const waiting = settings.filter(({ of }) => JSON.stringify(of(before)) !== JSON.stringify(of(after)));
  if (waiting.length === 0) return { config: after, waiting: [] };
  const config: Config = Object.assign({ ...after }, ...waiting.map(({ kept }) => kept(before, after)));
  const provenance = provenanceOf(after);
  if (provenance !== undefined) keepProvenance(config, provenance);
  return { config, waiting: waiting.map(({ name }) => name) };
}
