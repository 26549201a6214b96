// SPDX-License-Identifier: Apache-2.0
// Where the agent listens: flag, environment, configuration, default.

import { existsSync } from "node:fs";
import { defaultConfigPath, defaultSocket } from "../config/defaults.js";
import type { Environment } from "../config/index.js";
import { printable, reasonOf } from "../errors/index.js";

export interface SocketInput {
  flag: string | undefined;
  configFile: string | undefined;
  env: Environment;
  note: (text: string) => void;
}

export async function findSocket({ flag, configFile, env, note }: SocketInput): Promise<string> {
  const named = flag ?? env["CLOUDTASER_SOCKET"];
  if (named !== undefined && named !== "") return named;
  const given = configFile ?? env["CLOUDTASER_CONFIG"];
  if (!given && !existsSync(defaultConfigPath)) return defaultSocket;
  // Parsing YAML takes longer than most commands: only if there is something to parse.
  const { loadConfig } = await import("../config/index.js");
  try {
    return loadConfig({ file: configFile, env }).control.socket;
  } catch (error) {
    if (given) throw error;
    // A bad edit of the configuration must not take the agent, which runs on with the old one, out of reach.
    note(`note: ${printable(reasonOf(error))}; trying ${defaultSocket}`);
    return defaultSocket;
  }
}
