// SPDX-License-Identifier: Apache-2.0
// The configuration read again: what comes before it is judged, what of it waits for a restart, and what a stop does to it.
import { describe, expect, it } from "vitest";
import { withoutRestart } from "../../src/agent/fixed.js";
import { Latest } from "../../src/agent/latest.js";
import { type ReloadParts, Reloads } from "../../src/agent/reload.js";
import { type Config, keepProvenance, provenanceOf } from "../../src/config/index.js";
import { configSchema } from "../../src/config/schema.js";
import { CloudtaserError } from "../../src/errors/index.js";
import type { Kernel } from "../../src/kernel/index.js";
import { createLog } from "../../src/log/index.js";

const configOf = (given: object): Config => ({ nodeName: "n", ...configSchema.parse(given) }) as Config;

const starting = (): never => {
  throw new CloudtaserError("AGENT_NOT_RUNNING", { target: "this agent, which is still starting" });
};

/** Reloads whose parts note what they are asked for. */
function reloadsWith(
  read: () => Config,
  more: object = {},
): { reloads: Reloads; calls: string[]; config: () => Config } {
  const calls: string[] = [];
  const note = (name: string) => (): void => void calls.push(name);
  let config = configOf({ mode: "enforce" });
  const parts = {
    read: () => {
      calls.push("read");
      return read();
    },
    config: () => config,
    adopt: (next: Config) => {
      calls.push("adopt");
      config = next;
    },
    kernel: () => ({ introduce: note("introduce") }) as unknown as Kernel,
    scope: () => ({}),
    watch: () => ({ every: note("watch") }),
    stopping: () => false,
    stream: () => undefined,
    pods: () => undefined,
    authority: { check: () => {}, inForce: undefined },
    rules: { resolve: async (resolved: Config) => ({ config: resolved }), apply: async () => void calls.push("apply") },
    selftests: { schedule: note("selftests") },
    manager: { reloading: () => {}, reloaded: () => {} },
    log: createLog({ write: () => {} }),
    ...more,
  };
  return { reloads: new Reloads(parts as unknown as ReloadParts), calls, config: () => config };
}

it("the next agent's executable is introduced before the configuration is read: packages replace both", async () => {
  const { reloads, calls } = reloadsWith(() => {
    throw new Error("mode: must be detect or enforce");
  });
  await expect(reloads.run()).rejects.toThrow("must be detect");
  expect(calls).toEqual(["introduce", "read"]);
  expect(reloads.error).toContain("must be detect");
  expect(reloads.measures.successful).toBe(false);
});

it("while the agent starts none of it is read: a part that comes later would not hear of it", async () => {
  const { reloads, calls } = reloadsWith(() => configOf({}), { watch: starting });
  await expect(reloads.run()).rejects.toThrow("still starting");
  expect(calls).toEqual([]);
});

describe("a setting that needs a restart", () => {
  it("is said, and until then the agent has the old one", async () => {
    const { reloads, config } = reloadsWith(() =>
      configOf({ mode: "detect", kubernetes: {}, pinPath: "/sys/fs/bpf/other" }),
    );
    const { needsRestart } = await reloads.run();
    expect(needsRestart).toEqual(["pinPath", "kubernetes"]);
    expect(config()).toMatchObject({ mode: "detect", pinPath: "/sys/fs/bpf/cloudtaser" });
    expect(config().kubernetes, "nothing asks pods that nobody watches").toBeUndefined();
    expect(reloads.warnings).toHaveLength(2);
    expect((await reloads.run()).needsRestart, "still").toEqual(["pinPath", "kubernetes"]);
  });

  it("leaves what stands beside it free to change", () => {
    const before = configOf({ health: { listen: "127.0.0.1:9090" }, kubernetes: { apiServer: "https://a:6443" } });
    const after = configOf({
      health: { listen: "127.0.0.1:9091" },
      canary: { interval: 7, untried: "accept" },
      kubernetes: { apiServer: "https://b:6443", overrides: false },
      control: { socket: "/run/other.sock" },
      stateDirectory: "/srv/state",
    });
    const { config, waiting } = withoutRestart(before, after);
    expect(waiting).toEqual(["health.listen", "control", "stateDirectory", "canary.untried", "kubernetes"]);
    expect(config.health).toEqual(before.health);
    expect(config.canary).toEqual({ ...after.canary, untried: before.canary.untried });
    expect(config.kubernetes).toEqual({ ...after.kubernetes, apiServer: "https://a:6443" });
    expect([config.control, config.stateDirectory]).toEqual([before.control, before.stateDirectory]);
    expect(withoutRestart(before, before)).toEqual({ config: before, waiting: [] });
  });

  it("does not lose where the file came from, which an authority has signed", () => {
    const after = configOf({ pinPath: "/sys/fs/bpf/other" });
    keepProvenance(after, { file: { path: "/etc/cloudtaser/config.yaml", digest: "00" }, overlays: [] });
    const { config } = withoutRestart(configOf({}), after);
    expect(provenanceOf(config)).toEqual(provenanceOf(after));
  });
});

describe("a stop", () => {
  it("waits for a reload that runs, and lets it put nothing in force", async () => {
    let stopping = false;
    let resolved: (set: object) => void = () => {};
    const resolve = () => new Promise<object>((done) => (resolved = done));
    const rules = { resolve, apply: async () => {} };
    const { reloads, calls } = reloadsWith(() => configOf({ mode: "detect" }), { rules, stopping: () => stopping });
    const load = reloads.run();
    await expect.poll(() => calls).toContain("read");
    stopping = true;
    const settled = reloads.settle().then(() => calls.push("settled"));
    resolved({});
    await expect(load).rejects.toThrow("stopping");
    await settled;
    expect(calls).toEqual(["introduce", "read", "settled"]);
    expect(reloads.error, "nobody refused it").toBeNull();
    await expect(reloads.run(), "and none begins").rejects.toThrow("stopping");
  });
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
