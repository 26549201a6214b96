// SPDX-License-Identifier: Apache-2.0
// What an agent on this machine would say of a configuration, without one.
import type { Config } from "../config/index.js";
import type { Log } from "../log/index.js";
import { AllowList } from "./allow.js";
import { checkConfiguration } from "./authority.js";

/**
 * What an operator should know of a configuration that would be taken. Throws what a first start would end with:
 * ALLOW_EXE_UNUSABLE, AUTHORITY_CONFIGURATION.
 */
export async function warningsOf(config: Config, log: Log): Promise<string[]> {
  checkConfiguration(config, undefined);
  const allow = new AllowList(log);
  allow.entries(await allow.resolve(config));
  return allow.warnings;
}
