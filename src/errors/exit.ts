// SPDX-License-Identifier: Apache-2.0
// Exit statuses of every command, so that scripts can tell "you asked wrongly" from "this machine cannot".

export const exitCodes = {
  failed: 1,
  /** A flag, an argument or the configuration is wrong. */
  usage: 2,
  /** This machine or kernel cannot do it. */
  unsupported: 3,
  /** Not root, or not in the group that may. */
  forbidden: 4,
  /** Something else holds what is needed: another agent, a socket, an address. */
  busy: 5,
  /** The guards are there, but their work could not be shown. */
  unproven: 6,
  /** A selftest in which nothing got through unseen, but something was only observed: detect mode. */
  onlyObserved: 7,
  /** The kernel was booted with cloudtaser=off. */
  switchedOff: 8,
  /** As shells end when a command is there but cannot run, or is not there. */
  notExecutable: 126,
  notFound: 127,
  /** SIGINT or SIGTERM came before the work was done. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** message: `{target}` and other `{fields}` are filled in. help: what to do now. */
export interface ErrorEntry {
  message: string;
  help: string;
  exitCode: ExitCode;
}
