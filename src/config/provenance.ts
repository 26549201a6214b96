// SPDX-License-Identifier: Apache-2.0
// Where a configuration came from: what an authority's signature is compared with. Beside the configuration, not in it.

import type { OverlayValue } from "./overlay.js";

export interface Provenance {
  /** undefined: there is no file. */
  file: { path: string; digest: string } | undefined;
  /** What was laid over the file. */
  overlays: readonly Pick<OverlayValue, "path" | "origin">[];
}

const provenances = new WeakMap<object, Provenance>();

export function keepProvenance(config: object, provenance: Provenance): void {
  provenances.set(config, provenance);
}

/** undefined for one that was not loaded. */
export const provenanceOf = (config: object): Provenance | undefined => provenances.get(config);
