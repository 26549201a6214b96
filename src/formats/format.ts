// SPDX-License-Identifier: Apache-2.0
// Formats by name: what sinks, configuration and command line choose from.

import type { AnyEvent } from "./any.js";

export const formatNames = ["native", "ecs", "ocsf", "cef", "leef", "falco"] as const;
export type FormatName = (typeof formatNames)[number];

export interface Format {
  name: FormatName;
  /** Exactly one line, the newline at its end included, whatever the strings hold. Never throws. */
  line(event: AnyEvent): string;
  /** Media type of such lines. */
  contentType: string;
}

const json = "application/x-ndjson";
const text = "text/plain; charset=utf-8";

/** Media type of a format's lines. */
export const contentTypes: Readonly<Record<FormatName, string>> = {
  native: json,
  ecs: json,
  ocsf: json,
  cef: text,
  leef: text,
  falco: json,
};

export const isJson = (name: FormatName): boolean => contentTypes[name] === json;
