// SPDX-License-Identifier: Apache-2.0
// Every format by its name: what sinks, configuration and command line choose from.

import type { AnyEvent } from "./any.js";
import { formatCef } from "./cef.js";
import { formatEcs } from "./ecs.js";
import { formatFalco } from "./falco.js";
import { formatLeef } from "./leef.js";
import { formatNative } from "./native.js";
import { formatOcsf } from "./ocsf.js";

export const formatNames = ["native", "ecs", "ocsf", "cef", "leef", "falco"] as const;
export type FormatName = (typeof formatNames)[number];

export interface Format {
  /** Exactly one line, the newline at its end included, whatever the strings hold. Never throws. */
  line(event: AnyEvent): string;
  /** Media type of such lines. */
  contentType: string;
  /** For people. */
  about: string;
}

const json = "application/x-ndjson";
const text = "text/plain; charset=utf-8";

export const formats: Readonly<Record<FormatName, Format>> = {
  native: { line: formatNative, contentType: json, about: "the event itself; alone in having all of it" },
  ecs: { line: formatEcs, contentType: json, about: "Elastic Common Schema 8.17" },
  ocsf: { line: formatOcsf, contentType: json, about: "Open Cybersecurity Schema Framework 1.5.0" },
  cef: { line: formatCef, contentType: text, about: "Common Event Format 0 (ArcSight), without a syslog header" },
  leef: {
    line: formatLeef,
    contentType: text,
    about: "Log Event Extended Format 2.0 (QRadar), without a syslog header",
  },
  falco: { line: formatFalco, contentType: json, about: "Falco's alert object, as falcosidekick reads it" },
};
