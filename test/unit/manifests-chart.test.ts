// SPDX-License-Identifier: Apache-2.0
// Values of the chart that an operator writes, and what must not be lost by them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { loadConfig } from "../../src/config/index.js";
import { chart, one } from "./manifests-rendered.js";

const directory = mkdtempSync(join(tmpdir(), "ct-chart-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it("the chart keeps what probes and rolling updates need, whatever configuration is given", () => {
  const file = join(directory, "values.yaml");
  const loaded = (change: Record<string, unknown>) => {
    writeFileSync(file, one(chart(change), "ConfigMap").data?.["config.yaml"] ?? "");
    return loadConfig({ file, env: { NODE_NAME: "n" } });
  };
  const config = "mode: enforce\nkubernetes: {}\n";
  expect(loaded({ config })).toMatchObject({ mode: "enforce", onStop: "leave", health: { listen: ":9090" } });
  expect(loaded({ config, onStop: "detach" }).onStop).toBe("detach");
  expect(() => loaded({ config: "onStop: detach\n" })).toThrow(/unique|twice|onStop/);
});
