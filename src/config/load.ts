// SPDX-License-Identifier: Apache-2.0
// File, environment and flags to one validated configuration. All or nothing: a fault anywhere throws, nothing is guessed.

import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { CloudtaserError } from "../errors/index.js";
import { defaultConfigPath } from "./defaults.js";
import { type ConfigFlags, type Environment, type OverlayValue, overlayValues } from "./overlay.js";
import { problemOf } from "./problem.js";
import { keepProvenance } from "./provenance.js";
import { type Config, configSchema } from "./schema.js";
import { type ConfigSource, readSource } from "./source.js";

export interface ConfigInput {
  /** Path given by --config. */
  file?: string | undefined;
  env?: Environment;
  flags?: ConfigFlags;
}

const namedFile = ({ file, env = {} }: ConfigInput): string | undefined => file ?? env["CLOUDTASER_CONFIG"];

/** The file that loadConfig reads: given, or CLOUDTASER_CONFIG, or the default one if it exists. */
export function findConfigFile(input: ConfigInput): string | undefined {
  const named = namedFile(input);
  if (named !== undefined && named !== "") return named;
  return existsSync(defaultConfigPath) ? defaultConfigPath : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A copy of `raw` with the value put at the path. What stands in the way and is no map is left for validation to refuse. */
function withValue(raw: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (raw !== undefined && !isRecord(raw)) return raw;
  const inner = raw !== undefined && Object.hasOwn(raw, key) ? raw[key] : undefined;
  return { ...raw, [key]: withValue(inner, rest, value) };
}

function startsWith(path: readonly string[], keys: readonly PropertyKey[]): boolean {
  return keys.length > 0 && keys.every((key, index) => path[index] === key);
}

function placeFinder(source: ConfigSource | undefined, overlays: readonly OverlayValue[]) {
  return (keys: readonly PropertyKey[], at: "key" | "value"): string => {
    const overlay = overlays.findLast(({ path }) => path.length === keys.length && startsWith(path, keys));
    if (overlay !== undefined) return overlay.origin;
    return (
      source?.placeOf(keys, at) ?? overlays.findLast(({ path }) => startsWith(path, keys))?.origin ?? "configuration"
    );
  };
}

/** Throws CloudtaserError CONFIG_UNREADABLE, CONFIG_EMPTY, CONFIG_YAML, CONFIG_UNKNOWN_KEY, CONFIG_WRONG_TYPE or CONFIG_BAD_VALUE; its target
 *  is path:line:column, or the variable or flag. */
export function loadConfig(input: ConfigInput = {}): Config {
  const { env = {}, flags = {} } = input;
  const path = findConfigFile(input);
  const source = path === undefined ? undefined : readSource(path);
  // Half-written files and lost mounts are empty too, and the defaults refuse nothing.
  if (source?.empty && namedFile(input)) throw new CloudtaserError("CONFIG_EMPTY", { target: source.path });
  const overlays = overlayValues(env, flags);
  let raw: unknown = source?.value ?? {};
  for (const overlay of overlays) raw = withValue(raw, overlay.path, overlay.value);
  const result = configSchema.safeParse(raw);
  const issue = result.error?.issues[0];
  if (issue !== undefined) throw problemOf(issue, raw, placeFinder(source, overlays));
  const config = result.data ?? configSchema.parse(raw);
  const whole = { ...config, nodeName: config.nodeName ?? hostname() };
  keepProvenance(whole, { file: source && { path: source.path, digest: source.digest }, overlays });
  return whole;
}
