// SPDX-License-Identifier: Apache-2.0
// How the hook is called: the same for the command and for the small program that runtimes start.

import { defaultSocket } from "../config/defaults.js";
import type { Environment } from "../config/index.js";
import { CloudtaserError } from "../errors/index.js";

/** What becomes of a container whose protection was not acknowledged: annotated: those that ask for it do not start. */
export const failureModes = ["annotated", "refuse", "allow"] as const;

export interface HookOptions {
  socket: string;
  onFailure: (typeof failureModes)[number];
  timeoutMs: number;
  /** Namespaces whose containers start whatever fails. */
  spare: readonly string[];
}

/** As they are typed. */
export interface RawHookOptions {
  socket?: string | undefined;
  onFailure?: string | undefined;
  timeout?: string | undefined;
  spare?: readonly string[] | undefined;
}

export const defaults = {
  socket: defaultSocket,
  onFailure: "annotated",
  timeout: "10",
  spare: ["cloudtaser-system"],
} as const;

const longestSeconds = 300;

function unusable(reason: string): CloudtaserError {
  return new CloudtaserError("USAGE", { target: "hook", fields: { reason } });
}

export function hookOptions(raw: RawHookOptions, env: Environment): HookOptions {
  const { onFailure = defaults.onFailure, timeout = defaults.timeout, spare = defaults.spare } = raw;
  const mode = failureModes.find((one) => one === onFailure);
  if (mode === undefined) throw unusable(`--on-failure must be one of ${failureModes.join(", ")}`);
  const seconds = /^\d{1,3}(?:\.\d{1,3})?$/.test(timeout) ? Number(timeout) : 0;
  if (seconds <= 0 || seconds > longestSeconds)
    throw unusable(`--timeout must be seconds, more than 0 and at most ${longestSeconds}`);
  // No configuration file: reading it takes longer than all else.
  const socket = raw.socket || env["CLOUDTASER_SOCKET"] || defaults.socket;
  return { socket, onFailure: mode, timeoutMs: seconds * 1000, spare };
}
