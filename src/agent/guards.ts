// SPDX-License-Identifier: Apache-2.0
// Opens the kernel room as the configuration wants it, with the stream as who gets its events.
import type { Config } from "../config/index.js";
import { canaryPath, type Kernel, type KernelFacts, type Native, openKernel } from "../kernel/index.js";
import type { Log } from "../log/index.js";
import { sayIdling, whyAwake } from "./idling.js";
import type { Stream } from "./stream.js";

export interface GuardParts {
  native: Native;
  facts: KernelFacts;
  config: Config;
  stream: Stream;
  log: Log;
}

export function openGuards({ native, facts, config, stream, log }: GuardParts): Promise<Kernel> {
  return openKernel({
    native,
    facts,
    objects: { directory: config.objectPath, digests: config.objectDigests },
    canary: canaryPath(),
    form: config.form,
    pinPath: config.pinPath,
    takesUntried: config.canary.untried === "accept",
    onForeignPin: (path) => log.error("what lay among the pins is not the agent's, and was taken away", { path }),
    onEvents: (events, malformed) => stream.take(events, malformed),
    onIdling: (awake, error) => sayIdling(log, awake, error),
    whyAwake,
  });
}
