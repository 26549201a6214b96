// SPDX-License-Identifier: Apache-2.0
// The errors room: what other rooms may import.

export {
  CloudtaserError,
  type ErrorCode,
  type ErrorOptions,
  errorTable,
  reasonOf,
  toCloudtaserError,
} from "./error.js";
export { type ErrorEntry, type ExitCode, exitCodes } from "./exit.js";
export { printable, printableLines } from "./printable.js";
export { type ErrorJson, errorToJson, exitCodeOf, renderError } from "./render.js";
