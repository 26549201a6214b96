// SPDX-License-Identifier: Apache-2.0
// The agent in a container: paths of the node, and the executable by which the next one is known.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { renewExecutable } from "../../src/agent/executable.js";
import { containerRuntimes } from "../../src/agent/runtimes.js";
import { nodeRoot, onNode } from "../../src/config/index.js";
import { createLog } from "../../src/log/index.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ct-container-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const put = (path: string, text = "x", mode = 0o755): string => {
  mkdirSync(join(directory, path, ".."), { recursive: true });
  writeFileSync(join(directory, path), text, { mode });
  return join(directory, path);
};

describe("a path of the node", () => {
  it("is itself where this process has the node's tree, or cannot look", () => {
    expect(nodeRoot("/proc/self", "/proc/self")).toBe("");
    expect(nodeRoot(join(directory, "nothing"), "/proc/self")).toBe("");
    expect(onNode("/usr/bin/runc", "")).toBe("/usr/bin/runc");
  });

  it("lies below the node's root, links followed inside it", () => {
    put("usr/bin/runc");
    put("data/abc/bin/k3s");
    symlinkSync("usr/bin", join(directory, "bin"));
    symlinkSync("/data/abc", join(directory, "current"));
    symlinkSync("/current/bin/k3s", join(directory, "k3s"));
    symlinkSync("../../../../etc/shadow", join(directory, "usr/bin/out"));
    for (const [path, real] of [
      ["/usr/bin/runc", "usr/bin/runc"],
      ["/bin/runc", "usr/bin/runc"],
      ["/current/bin/k3s", "data/abc/bin/k3s"],
      ["/k3s", "data/abc/bin/k3s"],
      ["/usr/bin/out", "etc/shadow"],
      ["/../../usr/bin/runc", "usr/bin/runc"],
      ["/not/there", "not/there"],
    ] as const)
      expect(onNode(path, directory), path).toBe(join(directory, real));
  });

  it("that leads in a circle ends", () => {
    symlinkSync("/b", join(directory, "a"));
    symlinkSync("/a", join(directory, "b"));
    expect(onNode("/a/x", directory).startsWith(directory)).toBe(true);
  });

  it("is where container runtimes are looked for", () => {
    put("usr/bin/runc");
    put("usr/bin/containerd-shim-runc-v2");
    expect(containerRuntimes(directory)).toEqual([
      { path: "/usr/bin/runc", children: true },
      { path: "/usr/bin/containerd-shim-runc-v2", children: false },
    ]);
  });
});

describe("the executable of the image", () => {
  const log = createLog({ write: () => {} });
  const renew = (image: string | undefined, running: string, stopping = () => false) => {
    const calls: string[] = [];
    const kernel = { introduce: () => void calls.push(readFileSync(running, "utf8")) };
    return renewExecutable({ image, running, kernel, stopping, log }).then((renewed) => ({ renewed, calls }));
  };

  it("takes the place of the one that runs, and the guards are told after that", async () => {
    const [image, running] = [put("image/node", "new"), put("state/node", "old")];
    const before = statSync(running).ino;
    expect(await renew(image, running)).toEqual({ renewed: true, calls: ["new"] });
    expect(statSync(running)).toMatchObject({ mode: 0o100755 });
    expect(statSync(running).ino).not.toBe(before);
  });

  it("stays away from an agent that has been told to stop, whenever it is told", async () => {
    const [image, running] = [put("image/node", "new"), put("state/node", "old")];
    let told = false;
    const renewing = renew(image, running, () => told);
    told = true;
    expect(await renewing).toEqual({ renewed: false, calls: [] });
    expect(readFileSync(running, "utf8")).toBe("old");
  });

  it("stays away where it is the same, or none, or not to be read", async () => {
    const [image, running] = [put("image/node", "same"), put("state/node", "same")];
    const before = statSync(running).ino;
    for (const other of [image, undefined, running, join(directory, "nothing")])
      expect(await renew(other, running)).toEqual({ renewed: false, calls: [] });
    expect(statSync(running).ino).toBe(before);
  });

  it("is not stopped by what an earlier attempt left, nor follows a link that lies there", async () => {
    const [image, running, victim] = [put("image/node", "new"), put("state/node", "old"), put("victim", "precious")];
    symlinkSync(victim, `${running}.new`);
    expect((await renew(image, running)).renewed).toBe(true);
    expect(readFileSync(victim, "utf8")).toBe("precious");
  });
});
