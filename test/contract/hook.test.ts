// SPDX-License-Identifier: Apache-2.0
// The hook as it is built and put on a node: a program of its own that loads little, runs from nothing but what was copied,
// and is what the examples for runtimes start.
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { install } from "../../src/cli/hook-install.js";
import { defaults } from "../../src/cli/hook-options.js";
import { hookCommand, hookDirectory, hookEnvironment, installer } from "../../tools/manifests/hook.js";
import { read } from "./sources.js";

const directory = mkdtempSync(join(tmpdir(), "ct-hook-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const entry = "dist/bin/cloudtaser-hook.cjs";
const nowhere = join(directory, "none.sock");
const state = (annotations: object) => JSON.stringify({ id: "c1", pid: 0, status: "creating", annotations });

function start(command: readonly string[], input: string): SpawnSyncReturns<string> {
  const [program = "", ...args] = command;
  return spawnSync(program, args, { input, encoding: "utf8", env: {}, timeout: 60_000 });
}

describe("the program", () => {
  it("has all of its parts, and packages of nobody", () => {
    const parts = readdirSync("dist/bin").filter((name) => /^(cloudtaser-hook|hook-.*)\.cjs$/.test(name));
    const text = parts.map((part) => read(`dist/bin/${part}`)).join("\n");
    const named = [...text.matchAll(/require\(["'`]([^"'`]+)["'`]\)/g)].map(([, name = ""]) => name);
    expect(new Set(named.filter((name) => name.startsWith("./")))).toEqual(new Set(parts.map((part) => `./${part}`)));
    expect(named.filter((name) => !/^(?:\.\/|node:)/.test(name))).toEqual([]);
  });

  it("loads what asks the agent only to ask it, and stays small", () => {
    const early = [...read(entry).matchAll(/require\(["'`](node:[^"'`]+)["'`]\)/g)].map(([, name]) => name);
    expect(early.sort()).toEqual(["node:fs", "node:timers/promises", "node:util"]);
    expect(statSync(entry).size).toBeLessThan(64 * 1024);
  });

  it.each([
    ["nobody asks", state({}), [], 0, /^$/],
    [
      "an agent is away and nobody asks",
      state({ "io.kubernetes.pod.name": "x" }),
      [],
      0,
      /^cloudtaser hook: container c1 \(x\) starts unprotected/,
    ],
    [
      "an agent is away",
      state({ "cloudtaser.io/ebpf": "true" }),
      ["--timeout", "3"],
      1,
      /^cloudtaser hook: container c1 is not started: /,
    ],
    ["it is called wrongly", state({}), ["--often"], 2, /^cloudtaser: hook: Unknown option '--often'/],
    [
      "its input is none",
      "",
      ["--on-failure", "refuse"],
      2,
      /^cloudtaser hook: a container is not started: standard input/,
    ],
  ])("says in one line, or none, what comes of it: %s", (_, input, more, status, says) => {
    const ran = start([process.execPath, entry, "--socket", nowhere, ...more], input);
    expect(ran.stderr).toMatch(says);
    expect(ran.stderr.split("\n").length).toBeLessThanOrEqual(2);
    expect(ran).toMatchObject({ status, stdout: "" });
  });
});

describe("its standard input", () => {
  const hook = `${process.execPath} ${entry} --socket ${nowhere}`;
  const shell = (script: string) => start(["/bin/sh", "-c", script], "");

  it.each([
    ["a pipe that says nothing", `sleep 4 | (${hook} --timeout 0.3; echo $? >&2)`, "did not come within 0.3 s", "2"],
    ["closed", `${hook} --on-failure refuse <&-; echo $? >&2`, "standard input is no state", "2"],
  ])("may be %s", (_, script, says, status) => {
    const began = performance.now();
    const { stderr } = shell(`{ ${script}; } & wait $!; :`);
    expect(stderr).toContain(says);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(status);
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it("does not keep it from ending", async () => {
    const child = spawn(process.execPath, [entry, "--socket", nowhere, "--timeout", "0.3"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    const status = await new Promise((resolve) => child.on("exit", resolve));
    expect(status).toBe(2); // while its input is still open
    child.stdin.destroy();
  });

  it("may come in pieces, or be a file", async () => {
    const file = join(directory, "state.json");
    writeFileSync(file, state({ "cloudtaser.io/ebpf": "true" }));
    const pieces = `(printf '{"id":"c1",'; sleep 0.3; printf '"annotations":{"cloudtaser.io/ebpf":"true"}}')`;
    for (const script of [`${hook} --timeout 3 < ${file}`, `${pieces} | ${hook} --timeout 3`])
      expect(shell(script)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("container c1 is not started"),
      });
  });
});

describe("what is put on a node", () => {
  const to = join(directory, "hook");

  it("runs without Node and libraries of that node, also over an older one", () => {
    const { command } = install(to);
    expect(install(to).command).toEqual(command);
    expect(command.every((part) => part === "--library-path" || part.startsWith(to))).toBe(true);
    const ran = start([...command, "--socket", nowhere, "--timeout", "3"], state({ "cloudtaser.io/ebpf": "true" }));
    expect(ran).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("container c1 is not started: no agent answers"),
    });
    const mapped = new Set(readFileSync("/proc/self/maps", "utf8").match(/\/\S+\/libc\.so\.6/g));
    expect(mapped.size, "this test runs on a libc that is copied").toBe(1);
    expect(readdirSync(join(to, "lib"))).toContain("libc.so.6");
    // Nothing of the command, which no runtime starts, and nothing half written.
    const parts = readdirSync("dist/bin").filter((name) => /^(cloudtaser-hook|hook-.*)\.cjs$/.test(name));
    expect(readdirSync(to).sort()).toEqual([...parts, "lib", "node"].sort());
  }, 120_000);

  it("belongs to who installs it alone", () => {
    const open = join(directory, "open");
    mkdirSync(open);
    chmodSync(open, 0o777);
    expect(() => install(open)).toThrow(/others may write to it/);
    expect(() => install("relative")).toThrow(/absolute path/);
    expect(() => install(join(directory, "x"), directory)).toThrow(/installation is not whole/);
  });
});

describe("the examples for runtimes", () => {
  it.each(["hooks.d/cloudtaser.json", "hooks.d/cloudtaser-all.json"])("%s start it before the container", (file) => {
    const { version, hook, when, stages } = JSON.parse(read(`daemonset/hook/${file}`));
    expect({ version, stages }).toEqual({ version: "1.0.0", stages: ["createRuntime"] });
    expect([hook.path, ...hook.args.slice(1)]).toEqual(hookCommand);
    expect(hook.env, "else runc gives it the container's").toEqual(hookEnvironment);
    expect(hook.timeout, "gives up after the hook does").toBeGreaterThan(Number(defaults.timeout));
    const [pattern] = Object.keys(when.annotations ?? {});
    if (pattern !== undefined) expect("cloudtaser.io/ebpf").toMatch(new RegExp(pattern));
    else expect(when).toEqual({ always: true });
  });

  it("name what the daemon set's container installs", () => {
    const { hooks } = JSON.parse(read("daemonset/hook/spec-hooks.json"));
    expect(hooks.createRuntime[0]).toMatchObject({ args: hookCommand, env: hookEnvironment });
    expect(installer.args).toEqual(["hook", "--install", hookDirectory]);
    const made = install(join(directory, "as")).command.map((part) =>
      part.replace(join(directory, "as"), hookDirectory),
    );
    expect(made).toEqual(hookCommand);
  }, 120_000);
});
