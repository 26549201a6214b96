// SPDX-License-Identifier: Apache-2.0
// A configuration with one mode for all.
import { type Mode, vectorNames } from "../../src/vectors/index.js";

/** The same for every vector, those included whose own default is milder than the global mode. */
export const everything = (mode: Mode, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  mode,
  ...more,
  vectors: Object.fromEntries(vectorNames.map((name) => [name, { mode }])),
});
