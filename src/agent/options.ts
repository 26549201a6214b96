// SPDX-License-Identifier: Apache-2.0
// What an agent is made of.
import type { Config } from "../config/index.js";
import type { Native } from "../kernel/index.js";
import type { Log } from "../log/index.js";

export interface AgentOptions {
  config: Config;
  /** Reads the configuration anew; throws if it is bad. */
  reloadConfig: () => Config;
  configFile: string | undefined;
  native: Native;
  log: Log;
}
