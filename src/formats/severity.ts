// SPDX-License-Identifier: Apache-2.0
// One table of severities for all formats.

import type { Severity } from "../vectors/index.js";

export interface SeverityScale {
  /** RFC 5424. */
  syslog: number;
  /** 0 to 10; 7 and 8 count as high, 9 and 10 as very high. */
  cef: number;
  /** 1 to 10. */
  leef: number;
  /** severity_id and its caption. */
  ocsf: { id: number; caption: string };
  /** event.severity on the scale of Elastic's own rules. */
  ecs: number;
  falco: string;
}

export const severityScales: Readonly<Record<Severity, SeverityScale>> = {
  info: { syslog: 6, cef: 1, leef: 1, ocsf: { id: 1, caption: "Informational" }, ecs: 0, falco: "Informational" },
  low: { syslog: 5, cef: 3, leef: 3, ocsf: { id: 2, caption: "Low" }, ecs: 21, falco: "Notice" },
  medium: { syslog: 4, cef: 5, leef: 5, ocsf: { id: 3, caption: "Medium" }, ecs: 47, falco: "Warning" },
  high: { syslog: 3, cef: 8, leef: 8, ocsf: { id: 4, caption: "High" }, ecs: 73, falco: "Error" },
  critical: { syslog: 2, cef: 10, leef: 10, ocsf: { id: 5, caption: "Critical" }, ecs: 99, falco: "Critical" },
};
