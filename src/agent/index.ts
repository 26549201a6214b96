// SPDX-License-Identifier: Apache-2.0
// Runs the agent until a signal ends it.
import { type Config, watchConfig } from "../config/index.js";
import { loadNative } from "../kernel/index.js";
import type { Log } from "../log/index.js";
import { Agent } from "./agent.js";
import { ReloadWishes } from "./hangup.js";

export interface RunOptions {
  config: Config;
  reloadConfig: () => Config;
  configFile: string | undefined;
  log: Log;
}

/** Resolves with the exit status after an orderly stop; throws if the start fails. */
export async function runAgent(options: RunOptions): Promise<number> {
  let signalled: string | undefined;
  let wake: (() => void) | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    signalled ??= signal;
    wake?.();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  // Without a listener Node.js opens its debugger, and with it the agent, to whoever reaches the loopback address.
  process.on("SIGUSR1", () => options.log.warn("SIGUSR1 came and means nothing here"));
  const agent = new Agent({ ...options, native: loadNative() });
  const wishes = new ReloadWishes(agent);
  // From the start on: by default the signal would end the agent, and a change would be missed.
  process.on("SIGHUP", () => wishes.hangUp());
  const { configFile } = options;
  const watcher = configFile === undefined ? undefined : watchConfig(configFile, () => wishes.reload());
  try {
    await agent.start(() => signalled);
    wishes.started();
    if (signalled === undefined) await new Promise<void>((resolve) => (wake = resolve));
  } finally {
    watcher?.close();
  }
  await agent.stop();
  return 0;
}
