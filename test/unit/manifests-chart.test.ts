// SPDX-License-Identifier: Apache-2.0
// Values of the chart that an operator writes, and what must not be lost by them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { loadConfig } from "../../src/config/index.js";
import { chart, kustomized, one, podOf } from "./manifests-rendered.js";

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

it("the chart puts the hook on the node as the overlay does, and only if it is told to", async () => {
  const image = { reference: "registry.example.com/guard@sha256:0", pullPolicy: "Always" };
  const { initContainers = [] } = podOf(await kustomized("daemonset/overlays/hook")).spec;
  expect(initContainers).toHaveLength(1);
  const own = { image: image.reference, imagePullPolicy: image.pullPolicy };
  const { spec, agent } = podOf(chart({ image, hook: { enabled: true } }));
  expect(spec.initContainers).toEqual(initContainers.map((one) => ({ ...one, ...own })));
  expect(agent).toMatchObject(own);
  const without = podOf(chart({ image })).spec;
  expect(without).not.toHaveProperty("initContainers");
  expect({ ...spec, initContainers: undefined }).toEqual(without);
});
