// SPDX-License-Identifier: Apache-2.0
// What is known of a door, in a word and a colour.

import type { DoorReport } from "../control/protocol.js";
import type { Cell } from "./table.js";

export type DoorState = Pick<DoorReport, "attached" | "idle" | "proved" | "soundness">;

export function doorCell({ attached, idle, proved, soundness }: DoorState): Cell {
  if (proved && idle) return { text: "idle", style: soundness === "sound" ? "green" : "yellow" };
  if (proved)
    return soundness === "sound" ? { text: "proved", style: "green" } : { text: "proved, weak", style: "yellow" };
  return attached ? { text: "unproven", style: "red" } : { text: "absent", style: "red" };
}
