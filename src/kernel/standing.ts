// SPDX-License-Identifier: Apache-2.0
// What an earlier agent left pinned, before this one loads anything of its own.
import { existsSync, readFileSync } from "node:fs";
import { CloudtaserError } from "../errors/index.js";
import { Role } from "./abi.gen.js";
import { Census } from "./census.js";
import type { Native } from "./native.js";
import type { Pins } from "./pins.js";

/** Doors of the signal form cannot share the maps of doors that refuse: each would judge what the other has judged. */
export function otherFormStands(pins: Pins): CloudtaserError {
  const reason = "guards in another form stand there; take them off with: cloudtaser agent --uninstall";
  return new CloudtaserError("PIN_MISMATCH", { target: pins.path, fields: { reason } });
}

/** Pins of a start that died half-way cannot be taken over. They are removed if they protect nobody, else left and named. */
export function clearLeftovers(native: Native, pins: Pins): void {
  if (!pins.any) return;
  const scope = pins.map("scope");
  if (existsSync(scope)) {
    const map = native.openMap(scope);
    try {
      if (map.keys().length > 0) {
        throw new CloudtaserError("PIN_MISMATCH", {
          target: pins.path,
          fields: { reason: "an earlier start ended half-way, and processes are protected by it" },
        });
      }
    } finally {
      map.close();
    }
  }
  pins.removeAll();
}

/** Tells doors that stand already that this process is the agent now. */
export function announce(native: Native, pins: Pins): void {
  const request = native.openMap(pins.map("census_request"));
  try {
    new Census(request, () => readFileSync(pins.census)).add({
      tgid: process.pid,
      group: 0,
      role: Role.agent,
      follow: false,
    });
  } finally {
    request.close();
  }
}
