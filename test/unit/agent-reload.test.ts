// SPDX-License-Identifier: Apache-2.0
// A reload whose configuration is refused has introduced the executable all the same: packages replace both.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Agent } from "../../src/agent/agent.js";
import { configSchema } from "../../src/config/schema.js";
import type { Kernel, Native } from "../../src/kernel/index.js";
import { createLog } from "../../src/log/index.js";

it("the next agent's executable is introduced before the configuration is read", async () => {
  const directory = mkdtempSync(join(tmpdir(), "ct-reload-"));
  const calls: string[] = [];
  class Started extends Agent {
    override get kernel(): Kernel {
      return { introduce: () => void calls.push("introduce") } as unknown as Kernel;
    }
  }
  const agent = new Started({
    config: { ...configSchema.parse({ control: { socket: join(directory, "control.sock") } }), nodeName: "n" },
    reloadConfig: () => {
      calls.push("read");
      throw new Error("mode: must be detect or enforce");
    },
    configFile: undefined,
    native: { notify: () => false } as unknown as Native,
    log: createLog({ write: () => {} }),
  });
  await expect(agent.reload()).rejects.toThrow("must be detect");
  expect(calls).toEqual(["introduce", "read"]);
  rmSync(directory, { recursive: true });
});
