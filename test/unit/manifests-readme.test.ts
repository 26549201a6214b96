// SPDX-License-Identifier: Apache-2.0
// What README shows of kustomize is what the real one takes, and does what README says.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { kustomized, one, podOf } from "./manifests-rendered.js";

const directory = mkdtempSync(join(tmpdir(), "ct-readme-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it("takes the kustomization that README shows, with a Secret and a way to a receiver", async () => {
  const shown = readFileSync("README.md", "utf8");
  const block = (key: string): string => shown.match(new RegExp(`^ {4}${key}:[^]*?\n\n`, "m"))?.[0] ?? "";
  const text = `${block("resources")}${block("patches")}`.replace(/^ {4}/gm, "").replace("…", "a".repeat(64));
  cpSync("daemonset", join(directory, "daemonset"), { recursive: true });
  mkdirSync(join(directory, "mine"));
  writeFileSync(join(directory, "mine/kustomization.yaml"), text);
  const objects = await kustomized(join(directory, "mine"));
  const { agent, spec } = podOf(objects);
  expect(agent.image).toBe(`registry.example.com/cloudtaser@sha256:${"a".repeat(64)}`);
  expect(agent.volumeMounts).toContainEqual({ name: "siem", mountPath: "/run/siem", readOnly: true });
  const plain = podOf(await kustomized("daemonset/overlays/detect")).agent;
  expect(agent.volumeMounts.length).toBe(plain.volumeMounts.length + 1);
  expect(spec.volumes).toContainEqual({ name: "siem", secret: { secretName: "siem" } });
  expect(JSON.stringify(one(objects, "NetworkPolicy"))).toContain('"port":6514');
});
