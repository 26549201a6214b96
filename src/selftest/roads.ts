// SPDX-License-Identifier: Apache-2.0
// The roads of each attack program, as it describes them itself.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CloudtaserError } from "../errors/index.js";
import type { VectorName } from "../vectors/index.js";

const run = promisify(execFile);

const patienceMs = 30_000;

export interface Road {
  road: string;
  /** May be taken on a node in use. */
  live: boolean;
  /** The whole node is meant, not the target alone: refused for everybody. */
  wide: boolean;
  /** A refusal does not reach the caller: only the event tells. */
  silent: boolean;
  /** Why it is not taken. */
  why: string;
}

export const triggerOf = (directory: string, vector: VectorName): string => join(directory, vector);

/** Throws TRIGGERS_MISSING if the attack programs are not installed. */
export function checkTriggers(directory: string): void {
  for (const name of ["victim", "holder"])
    if (!existsSync(join(directory, name))) throw new CloudtaserError("TRIGGERS_MISSING", { target: directory });
}

/** [] if there is no program for this vector. */
export async function roadsOf(directory: string, vector: VectorName): Promise<Road[]> {
  const file = triggerOf(directory, vector);
  if (!existsSync(file)) return [];
  const { stdout } = await run(file, ["--describe-roads"], { timeout: patienceMs, env: {} });
  return parseRoads(stdout);
}

export function parseRoads(text: string): Road[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new TypeError("a trigger must describe its roads as a list");
  return list.map((one: Partial<Road>) => ({
    road: String(one.road),
    live: one.live === true,
    wide: one.wide === true,
    silent: one.silent === true,
    why: String(one.why ?? ""),
  }));
}
