// SPDX-License-Identifier: Apache-2.0
// Pins of a start that ended half-way: nobody can take them over.
import { CloudtaserError } from "../errors/index.js";
import type { Native } from "./native.js";
import { isPin } from "./pin-tree.js";
import type { Pins } from "./pins.js";

/** Removes them if they protect nobody, else leaves and names them. */
export function clearLeftovers(native: Native, pins: Pins): void {
  if (!pins.any) return;
  const scope = pins.map("scope");
  if (isPin(scope)) {
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
