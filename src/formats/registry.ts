// SPDX-License-Identifier: Apache-2.0
// Every format with its encoder.

import { formatCef } from "./cef.js";
import { formatEcs } from "./ecs.js";
import { formatFalco } from "./falco.js";
import { contentTypes, type Format, type FormatName, formatNames } from "./format.js";
import { formatLeef } from "./leef.js";
import { formatNative } from "./native.js";
import { formatOcsf } from "./ocsf.js";

const encoders: Readonly<Record<FormatName, Pick<Format, "line"> & { about: string }>> = {
  native: { line: formatNative, about: "the event itself; alone in having all of it" },
  ecs: { line: formatEcs, about: "Elastic Common Schema 8.17" },
  ocsf: { line: formatOcsf, about: "Open Cybersecurity Schema Framework 1.5.0" },
  cef: { line: formatCef, about: "Common Event Format 0 (ArcSight), without a syslog header" },
  leef: { line: formatLeef, about: "Log Event Extended Format 2.0 (QRadar), without a syslog header" },
  falco: { line: formatFalco, about: "Falco's alert object, as falcosidekick reads it" },
};

/** about: for people. */
export const formats = Object.fromEntries(
  formatNames.map((name) => [name, { ...encoders[name], name, contentType: contentTypes[name] }]),
) as Readonly<Record<FormatName, Format & { about: string }>>;
