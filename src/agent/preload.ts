// SPDX-License-Identifier: Apache-2.0
// Modules that harmless readers make the kernel ask for: ss wants the socket diagnosis of each family. They are loaded
// before the guards refuse modules, because a request that is let pass later would run whatever root has put in their place.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface Preloaded {
  /** undefined if all were loaded, built in or unknown here. */
  problem: string | undefined;
}

export async function preloadModules(modules: readonly string[]): Promise<Preloaded> {
  if (modules.length === 0) return { problem: undefined };
  try {
    // -a: each by itself; -q: a module that this kernel does not have is no fault.
    await promisify(execFile)("modprobe", ["-a", "-q", "--", ...modules], {
      timeout: 20_000,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    });
    return { problem: undefined };
  } catch (error) {
    return { problem: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) };
  }
}
