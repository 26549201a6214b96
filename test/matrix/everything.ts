// SPDX-License-Identifier: Apache-2.0
// A configuration in which every vector has the same mode, those included whose own default is milder than the global one.
import { type Mode, vectorNames } from "../../src/vectors/index.js";

export const everything = (mode: Mode, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  mode,
  ...more,
  vectors: Object.fromEntries(vectorNames.map((name) => [name, { mode }])),
});
