// SPDX-License-Identifier: Apache-2.0
// Every generated document, by its path in the tree.

import { readFileSync } from "node:fs";
import { manifests } from "../manifests/index.js";
import { dashboardFile } from "../monitoring/dashboard.js";
import { alertsReference, prometheusRule, rulesFile } from "../monitoring/render.js";
import { configurationReference } from "./configuration.js";
import { doorsReference } from "./doors.js";
import { errorsReference } from "./errors.js";
import { eventSchemaFile, eventsReference } from "./events.js";
import { formatsReference } from "./formats.js";
import { metricsReference } from "./metrics.js";
import { privilegesReference, withPrivileges } from "./privileges.js";
import { vectorsReference } from "./vectors.js";

export { configuredVectors } from "./configuration.js";

export async function references(): Promise<Map<string, string>> {
  return new Map([
    ["docs/reference/vectors.md", vectorsReference()],
    ["docs/reference/doors.md", doorsReference()],
    ["docs/reference/configuration.md", configurationReference()],
    ["docs/reference/errors.md", errorsReference()],
    ["docs/reference/events.md", eventsReference()],
    ["docs/reference/event.schema.json", eventSchemaFile()],
    ["docs/reference/formats.md", formatsReference()],
    ["docs/reference/metrics.md", await metricsReference()],
    ["docs/reference/alerts.md", alertsReference()],
    ["docs/reference/privileges.md", privilegesReference()],
    ["README.md", withPrivileges(readFileSync("README.md", "utf8"))],
    ["daemonset/monitoring/rules.yaml", rulesFile()],
    ["daemonset/monitoring/prometheusrule.yaml", prometheusRule()],
    ["daemonset/monitoring/dashboard.json", dashboardFile()],
    ...manifests(),
  ]);
}
