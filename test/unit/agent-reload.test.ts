// SPDX-License-Identifier: Apache-2.0
// A reload whose configuration is refused has introduced the executable all the same: packages replace both.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Agent } from "../../src/agent/agent.js";
import { Latest } from "../../src/agent/latest.js";
import { configSchema } from "../../src/config/schema.js";
import type { Kernel, Native } from "../../src/kernel/index.js";
import { createLog } from "../../src/log/index.js";
import type { Scope } from "../../src/scope/index.js";

it("the next agent's executable is introduced before the configuration is read", async () => {
  const directory = mkdtempSync(join(tmpdir(), "ct-reload-"));
  const calls: string[] = [];
  class Started extends Agent {
    override get kernel(): Kernel {
      return { introduce: () => void calls.push("introduce") } as unknown as Kernel;
    }
    override get scope(): Scope {
      return {} as unknown as Scope;
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

it("loads follow one another, each after all that was asked for before it, and those who wait share one", async () => {
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  let file = 0;
  const loads = new Latest(() => {
    begun.push(file);
    return new Promise<number>((resolve, reject) => {
      const read = file;
      ends.push((error) => (error ? reject(error) : resolve(read)));
    });
  });
  const first = loads.run();
  await Promise.resolve();
  file = 1;
  const [second, third] = [loads.run(), loads.run()];
  file = 2;
  await Promise.resolve();
  expect(begun, "the first goes on").toEqual([0]);
  ends[0]?.(new Error("refused"));
  await expect(first).rejects.toThrow("refused");
  await Promise.resolve();
  ends[1]?.();
  expect([await second, await third]).toEqual([2, 2]);
  expect(begun).toEqual([0, 2]);
});
