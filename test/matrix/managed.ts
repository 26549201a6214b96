// SPDX-License-Identifier: Apache-2.0
// The agent under the unit that is installed, in a guest with systemd.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { treeRoot } from "../lab/host.js";
import type { Field } from "./field.js";

const units = "/run/systemd/system";

/** What differs from a machine on which it is installed: where program and files lie, and how patient a stop is. */
const places = `[Service]
ExecStart=
ExecStart=/usr/bin/env cloudtaser agent --config /run/cloudtaser.yaml
ExecReload=
ExecReload=/usr/bin/env cloudtaser reload
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
TimeoutStopSec=300
ReadWritePaths=/run
`;

/** @param more lines that the unit itself has otherwise */
export async function installUnit(field: Field, more = ""): Promise<void> {
  const unit = readFileSync(join(treeRoot(), "packaging/systemd/cloudtaser.service"), "utf8");
  await field.guest.writeFile(`${units}/cloudtaser.service`, unit);
  await field.sh(`mkdir -p ${units}/cloudtaser.service.d`);
  await field.guest.writeFile(`${units}/cloudtaser.service.d/lab.conf`, `${places}${more}`);
  const { status, stderr } = await field.sh("systemctl daemon-reload", 300);
  if (status !== 0) throw new Error(`the service manager does not take the unit: ${stderr}`);
}
