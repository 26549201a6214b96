// SPDX-License-Identifier: Apache-2.0
// Guards of an earlier agent that this one cannot take over.
import { CloudtaserError } from "../errors/index.js";
import type { Pins } from "./pins.js";

/** Doors of the signal form cannot share the maps of doors that refuse: each would judge what the other has judged. */
export function otherFormStands(pins: Pins): CloudtaserError {
  const reason = "guards in another form stand there; take them off with: cloudtaser agent --uninstall";
  return new CloudtaserError("PIN_MISMATCH", { target: pins.path, fields: { reason } });
}
