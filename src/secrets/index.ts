// SPDX-License-Identifier: Apache-2.0
// The secrets room: what other rooms may import.
export {
  type AddReport,
  type AddSecret,
  type Prepared,
  type SecretKernel,
  type SecretReport,
  Secrets,
} from "./secrets.js";
export { maxSinks, type Sinks } from "./sinks.js";
export { maxLength } from "./value.js";
