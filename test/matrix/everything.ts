// SPDX-License-Identifier: Apache-2.0
// A configuration in which every vector has the same mode.
import { type Mode, vectorNames } from "../../src/vectors/index.js";
import { allowedKill } from "./field.js";

/** The same for every vector, those included whose own default is milder than the global mode. One program may still signal the agent. */
export const everything = (mode: Mode, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  mode,
  ...more,
  vectors: {
    ...Object.fromEntries(vectorNames.map((name) => [name, { mode }])),
    agent_signal: { mode, allow: [{ exe: allowedKill }] },
  },
});
