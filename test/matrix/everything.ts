// SPDX-License-Identifier: Apache-2.0
// A configuration in which every vector has the same mode.
import { type Mode, vectorNames } from "../../src/vectors/index.js";
import { allowedKill } from "./field.js";

/** A network that is in no use anywhere. */
export const elsewhere = ["192.0.2.0/24:443"];

/** Where the attacks that send a secret have their other end: on the list, so that it is the content that is refused. */
const home = "127.0.0.2/32";

/** The same for every vector, those included whose own default is milder than the global mode. One program may still signal the agent. */
export const everything = (mode: Mode, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  mode,
  // A list with which the destination of the attack is not on it.
  workloads: [{ name: "victim", egress: [...elsewhere, home] }],
  ...more,
  vectors: {
    ...Object.fromEntries(vectorNames.map((name) => [name, { mode }])),
    agent_signal: { mode, allow: [{ exe: allowedKill }] },
  },
});
