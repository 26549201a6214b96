// SPDX-License-Identifier: Apache-2.0
// What may be set beside the file: environment variables over it, flags over those. One row per setting; the command line
// derives its options from this list.

import { CloudtaserError } from "../errors/index.js";

export interface Overlay {
  /** Where it lands in the configuration. */
  path: readonly string[];
  env?: string;
  /** Name as the command line parser hands it over: "logAll" for --log-all. */
  flag: string;
  kind: "mode" | "boolean" | "text" | "number";
}

export const configOverlays = [
  { path: ["mode"], env: "ENFORCE_MODE", flag: "mode", kind: "mode" },
  { path: ["kill"], env: "REACTIVE_KILL", flag: "kill", kind: "boolean" },
  { path: ["logAll"], env: "LOG_ALL", flag: "logAll", kind: "boolean" },
  { path: ["nodeName"], env: "NODE_NAME", flag: "nodeName", kind: "text" },
  { path: ["health", "listen"], env: "HEALTH_LISTEN_ADDR", flag: "healthListen", kind: "text" },
  { path: ["objectPath"], env: "EBPF_OBJECT_PATH", flag: "objectPath", kind: "text" },
  { path: ["control", "socket"], env: "CLOUDTASER_SOCKET", flag: "socket", kind: "text" },
  { path: ["pinPath"], flag: "pinPath", kind: "text" },
  { path: ["form"], flag: "form", kind: "text" },
  { path: ["onStop"], flag: "onStop", kind: "text" },
  { path: ["events", "file", "path"], flag: "eventsFile", kind: "text" },
  { path: ["log", "level"], flag: "logLevel", kind: "text" },
  { path: ["leaks", "scanLimit"], env: "LEAK_SCAN_LIMIT", flag: "leakScanLimit", kind: "text" },
  { path: ["leaks", "beyond"], env: "LEAK_BEYOND", flag: "leakBeyond", kind: "text" },
  { path: ["leaks", "unscanned"], env: "LEAK_UNSCANNED", flag: "leakUnscanned", kind: "text" },
  { path: ["selftest", "interval"], flag: "selftestInterval", kind: "number" },
] as const satisfies readonly Overlay[];

export type FlagName = (typeof configOverlays)[number]["flag"];
export type ConfigFlags = { readonly [Name in FlagName]?: string | boolean | undefined };
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value to lay over the file, and what to call it in an error. */
export interface OverlayValue {
  path: readonly string[];
  value: unknown;
  origin: string;
}

const booleans: Readonly<Record<string, boolean>> = { true: true, false: false, "1": true, "0": false };
// Early charts passed a boolean for the mode.
const modeWords: Readonly<Record<string, string>> = {
  detect: "detect",
  enforce: "enforce",
  true: "enforce",
  false: "detect",
};

function convert(overlay: Overlay, text: string, origin: string): unknown {
  if (overlay.kind === "text") return text;
  if (overlay.kind === "number" && /^\d{1,9}$/.test(text)) return Number(text);
  const words = { boolean: booleans, mode: modeWords, number: {} as Readonly<Record<string, number>> }[overlay.kind];
  const word = text.toLowerCase();
  if (Object.hasOwn(words, word)) return words[word];
  const expected = {
    boolean: "true or false",
    mode: "detect or enforce (or true or false)",
    number: "a whole number",
  }[overlay.kind];
  throw new CloudtaserError("CONFIG_WRONG_TYPE", {
    target: origin,
    fields: { key: overlay.path.join("."), expected, got: JSON.stringify(text) },
  });
}

/** The values set by the environment and by flags, in the order in which they are to be laid over the file. An empty variable
 *  counts as unset. */
export function overlayValues(env: Environment, flags: ConfigFlags): OverlayValue[] {
  const values: OverlayValue[] = [];
  for (const overlay of configOverlays as readonly Overlay[]) {
    const text = overlay.env === undefined ? undefined : env[overlay.env];
    if (text === undefined || text === "") continue;
    const origin = `environment variable ${overlay.env}`;
    values.push({ path: overlay.path, value: convert(overlay, text, origin), origin });
  }
  for (const overlay of configOverlays as readonly Overlay[]) {
    const given = flags[overlay.flag as FlagName];
    if (given === undefined) continue;
    const origin = `flag --${overlay.flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const value = typeof given === "string" ? convert(overlay, given, origin) : given;
    values.push({ path: overlay.path, value, origin });
  }
  return values;
}
