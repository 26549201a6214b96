// SPDX-License-Identifier: Apache-2.0
// Errors in what the operator wrote: configuration, environment, flags. {target} is path:line:column, variable or flag.

import { type ErrorEntry, exitCodes } from "./exit.js";

export const configErrors = {
  CONFIG_UNREADABLE: {
    message: "cannot read the configuration {target}: {reason}",
    help: "Check that the file exists and that this user may read it, or give another one with --config.",
    exitCode: exitCodes.usage,
  },
  CONFIG_EMPTY: {
    message: "the configuration {target} holds no setting",
    help: "Write the settings; if the defaults are meant, which only detect, write mode: detect.",
    exitCode: exitCodes.usage,
  },
  CONFIG_YAML: {
    message: "{target}: not valid YAML: {reason}",
    help: "Correct that line; indentation is by spaces, and a value with a colon or a hash sign needs quotes.",
    exitCode: exitCodes.usage,
  },
  CONFIG_UNKNOWN_KEY: {
    message: "{target}: unknown key {key}{suggestion}",
    help: "Remove or correct the key; the configuration reference lists all of them.",
    exitCode: exitCodes.usage,
  },
  CONFIG_WRONG_TYPE: {
    message: "{target}: {key} must be {expected}, not {got}",
    help: "Correct the value; the configuration reference gives the type and the default of each key.",
    exitCode: exitCodes.usage,
  },
  CONFIG_BAD_VALUE: {
    message: "{target}: {key}: {reason}",
    help: "Correct the value; the configuration reference gives what each key accepts.",
    exitCode: exitCodes.usage,
  },
  ALLOW_EXE_UNUSABLE: {
    message: "the allowed executable {target} cannot be used: {reason}",
    help: "Give the absolute path of an existing regular file as this node sees it, or remove the allow entry.",
    exitCode: exitCodes.usage,
  },
  GROUP_UNKNOWN: {
    message: "no group named {target} on this machine",
    help: "Create the group, correct control.group, or leave it out so that only root may use the control socket.",
    exitCode: exitCodes.usage,
  },
  USAGE: {
    message: "{target}: {reason}",
    help: "Run the command with --help to see what it accepts.",
    exitCode: exitCodes.usage,
  },
} as const satisfies Record<string, ErrorEntry>;
