// SPDX-License-Identifier: Apache-2.0
// Loading: defaults, precedence, and every kind of wrong input with the place where it is wrong.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { describeConfig, loadConfig, parseListenAddress, policyOf, workloadNamed } from "../../src/config/index.js";
import { CloudtaserError } from "../../src/errors/index.js";
import { vectorNames } from "../../src/vectors/index.js";

const directory = mkdtempSync(join(tmpdir(), "ct-config-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, "config.yaml");

function load(text: string | Buffer, rest: Parameters<typeof loadConfig>[0] = {}) {
  writeFileSync(file, text);
  return loadConfig({ file, ...rest });
}

function failure(text: string | Buffer, rest: Parameters<typeof loadConfig>[0] = {}): CloudtaserError {
  try {
    load(text, rest);
  } catch (error) {
    if (error instanceof CloudtaserError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("loadConfig", () => {
  it("fills in the documented defaults", () => {
    const config = load("{}");
    expect(config).toMatchObject({
      mode: "detect",
      kill: false,
      nodeName: hostname(),
      nodeGuards: "while-protected",
      form: "auto",
      health: { listen: "127.0.0.1:9090" },
      control: { socket: "/run/cloudtaser/control.sock" },
      pinPath: "/sys/fs/bpf/cloudtaser",
      canary: { interval: 30 },
      events: { stdout: true },
      log: { level: "info" },
      workloads: [],
    });
  });

  it("lays environment over file, and flags over environment", () => {
    const text = "mode: enforce\nnodeName: from-file\nhealth:\n  listen: 127.0.0.1:1\n";
    const env = { ENFORCE_MODE: "detect", NODE_NAME: "from-env", HEALTH_LISTEN_ADDR: "", REACTIVE_KILL: "1" };
    expect(load(text, { env })).toMatchObject({ mode: "detect", nodeName: "from-env", kill: true });
    expect(load(text, { env }).health.listen).toBe("127.0.0.1:1");
    expect(load(text, { env, flags: { mode: "enforce", kill: false } })).toMatchObject({
      mode: "enforce",
      kill: false,
    });
  });

  it.each([
    ["true", "enforce"],
    ["false", "detect"],
    ["Enforce", "enforce"],
  ])("takes ENFORCE_MODE=%s as %s", (word, mode) => {
    expect(load("{}", { env: { ENFORCE_MODE: word } }).mode).toBe(mode);
  });

  it("finds the file by CLOUDTASER_CONFIG", () => {
    writeFileSync(file, "nodeName: by-variable");
    expect(loadConfig({ env: { CLOUDTASER_CONFIG: file } }).nodeName).toBe("by-variable");
  });

  const wrong: [title: string, text: string, code: string, place: string, words: RegExp][] = [
    ["an unknown key", "mode: detect\nmoed: detect\n", "CONFIG_UNKNOWN_KEY", ":2:1", /moed.*did you mean mode\?/],
    ["an unknown inner key", "health:\n  listem: x\n", "CONFIG_UNKNOWN_KEY", ":2:3", /health\.listem.*listen/],
    ["an unknown vector", "vectors:\n  kcor: {}\n", "CONFIG_UNKNOWN_KEY", ":2:3", /vectors\.kcor.*did you mean kcore/],
    ["a key like no other", "zzzzzz: 1\n", "CONFIG_UNKNOWN_KEY", ":1:1", /unknown key zzzzzz$/],
    ["__proto__", "__proto__:\n  mode: enforce\n", "CONFIG_UNKNOWN_KEY", ":1:1", /__proto__/],
    ["a wrong type", "kill: maybe\n", "CONFIG_WRONG_TYPE", ":1:7", /kill must be true or false, not the text "maybe"/],
    ["a wrong word", "mode: enforc\n", "CONFIG_WRONG_TYPE", ":1:7", /one of detect, enforce.*did you mean enforce/],
    ["a value left empty", "health:\n", "CONFIG_WRONG_TYPE", ":1:", /health must be a map of keys, not empty/],
    ["a list for a map", "- mode\n", "CONFIG_WRONG_TYPE", ":1:1", /must be a map of keys, not a list/],
    [
      "a missing inner key",
      "events:\n  file: {}\n",
      "CONFIG_WRONG_TYPE",
      ":2:9",
      /events\.file\.path must be text, not left out/,
    ],
    ["too small a number", "canary:\n  interval: 0\n", "CONFIG_BAD_VALUE", ":2:13", /canary\.interval.*>=1, not 0/],
    [
      "a relative path",
      "allow:\n  - exe: bin/x\n",
      "CONFIG_BAD_VALUE",
      ":2:10",
      /allow\[0\]\.exe: must be an absolute path/,
    ],
    ["a bad address", "health: { listen: nowhere }\n", "CONFIG_BAD_VALUE", ":1:19", /HOST:PORT/],
    [
      "a workload by two ways",
      "workloads:\n  - { name: a, pid: 1, unit: b }\n",
      "CONFIG_BAD_VALUE",
      ":2:5",
      /at most one/,
    ],
    ["a workload that says nothing", "workloads:\n  - name: a\n", "CONFIG_BAD_VALUE", ":2:5", /says nothing/],
    [
      "a rule of a workload for a vector against the node",
      "workloads:\n  - name: a\n    vectors:\n      module_load: { mode: off }\n",
      "CONFIG_BAD_VALUE",
      ":4:7",
      /vectors\.module_load: this vector is against the node/,
    ],
    [
      "a rule of a workload for a vector that nobody knows",
      "workloads:\n  - name: a\n    vectors:\n      proc_fdd: { mode: off }\n",
      "CONFIG_UNKNOWN_KEY",
      ":4:7",
      /did you mean proc_fd\?/,
    ],
    ["an empty allow-list entry", "allow:\n  - {}\n", "CONFIG_BAD_VALUE", ":2:5", /names nobody/],
    ["an unknown key of one", "allow:\n  - { exe: /a, user: 1 }\n", "CONFIG_UNKNOWN_KEY", ":2:16", /user/],
    [
      "a digest of nothing",
      `allow:\n  - { uid: 1, sha256: ${"a".repeat(64)} }\n`,
      "CONFIG_BAD_VALUE",
      ":2:5",
      /without exe/,
    ],
    ["a digest that is none", "allow:\n  - { exe: /a, sha256: abc }\n", "CONFIG_BAD_VALUE", ":2:24", /64 hexadecimal/],
    ["a user that cannot be", "allow:\n  - { uid: -1 }\n", "CONFIG_BAD_VALUE", ":2:12", /uid/],
    [
      "a name used twice",
      "workloads:\n  - {name: a, pid: 2}\n  - {name: a, pid: 3}\n",
      "CONFIG_BAD_VALUE",
      ":2:3",
      /same name/,
    ],
    ["a duplicate key", "mode: detect\nmode: enforce\n", "CONFIG_YAML", ":2:1", /unique/],
    ["a key that is the same as text", "allow: [{ uid: 1, 'uid': 2 }]\n", "CONFIG_YAML", ":1:19", /unique/],
    ["bad indentation", "health:\n  listen: a\n bad: b\n", "CONFIG_YAML", ":3:", /./],
    ["an unclosed quote", 'mode: "detect\n', "CONFIG_YAML", ":2:1", /quote/],
    ["an unknown tag", "mode: !!js/function 'x'\n", "CONFIG_YAML", ":1:7", /tag/],
    [
      "an alias bomb",
      `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefg"
        .split("")
        .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${"abcdef"[i]}`)}]\n`)
        .join("")}`,
      "CONFIG_YAML",
      ":1:1",
      /alias/i,
    ],
  ];
  it.each(wrong)("refuses %s", (_, text, code, place, words) => {
    const error = failure(text);
    expect(error.code).toBe(code);
    expect(error.target).toContain(`${file}${place}`);
    expect(error.message).toMatch(words);
    expect(error.exitCode).toBe(2);
  });

  it("refuses a named file that holds nothing, since the defaults refuse nothing", () => {
    for (const text of ["", " \n\t\n", "# mode: enforce\n", "---\n", "null\n"]) {
      expect(failure(text)).toMatchObject({ code: "CONFIG_EMPTY", target: file, exitCode: 2 });
      expect(failure(text, { file: undefined, env: { CLOUDTASER_CONFIG: file } }).code).toBe("CONFIG_EMPTY");
      expect(failure(text, { flags: { mode: "enforce" } }).code, "a flag does not make up for it").toBe("CONFIG_EMPTY");
    }
    expect(load("{}").mode).toBe("detect");
  });

  it("refuses what it cannot read", () => {
    expect(() => loadConfig({ file: join(directory, "absent.yaml") })).toThrow(/absent\.yaml: ENOENT/);
    expect(() => loadConfig({ file: directory })).toThrow(/it is a directory/);
    expect(failure(Buffer.from([0xff, 0xfe, 0x80])).code).toBe("CONFIG_UNREADABLE");
    expect(() => loadConfig({ file: "/dev/zero" })).toThrow(/not a regular file/);
  });

  it("names the variable or the flag that is wrong, not the file", () => {
    expect(failure("{}", { env: { ENFORCE_MODE: "on" } }).target).toBe("environment variable ENFORCE_MODE");
    expect(failure("{}", { env: { REACTIVE_KILL: "yes" } }).message).toMatch(/kill must be true or false, not "yes"/);
    expect(failure("{}", { env: { HEALTH_LISTEN_ADDR: "x" } }).target).toBe("environment variable HEALTH_LISTEN_ADDR");
    expect(failure("{}", { flags: { onStop: "stay" } }).target).toBe("flag --on-stop");
    expect(failure("{}", { flags: { onStop: "stay" } }).message).toMatch(/onStop must be one of detach, leave/);
  });

  it("still refuses the file where an overlay would hide its shape", () => {
    expect(failure("health: 7\n", { env: { HEALTH_LISTEN_ADDR: "off" } }).message).toMatch(/health must be a map/);
  });

  it("never throws anything but its own errors, whatever the file holds", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => {
        writeFileSync(file, text);
        try {
          loadConfig({ file });
        } catch (error) {
          expect(error).toBeInstanceOf(CloudtaserError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("policyOf", () => {
  it("works the global settings in", () => {
    const config = load("mode: enforce\nkill: true\nvectors:\n  kcore: {mode: detect}\n  bpf_load: {kill: false}\n");
    expect(policyOf(config, "ptrace_attach")).toEqual({ mode: "enforce", kill: true });
    expect(policyOf(config, "kcore")).toEqual({ mode: "detect", kill: false });
    expect(policyOf(config, "bpf_load")).toEqual({ mode: "enforce", kill: false });
  });

  it("takes the nearest word: the workload's vector, the vector, the workload, all", () => {
    const config = load(
      "mode: detect\nvectors: { environ_read: { mode: off }, proc_fd: { mode: enforce, kill: true } }\n" +
        "workloads:\n  - name: a\n    mode: enforce\n    kill: false\n    vectors: { environ_read: { mode: enforce, kill: true } }\n",
    );
    const workload = workloadNamed(config, "a");
    expect(policyOf(config, "environ_read", workload)).toEqual({ mode: "enforce", kill: true });
    expect(policyOf(config, "proc_fd", workload)).toEqual({ mode: "enforce", kill: true });
    expect(policyOf(config, "ptrace_attach", workload)).toEqual({ mode: "enforce", kill: false });
    expect(policyOf(config, "ptrace_attach")).toEqual({ mode: "detect", kill: false });
    // Milder by its own nature: the workload's mode stands in for the global one, which it does not follow either.
    expect(policyOf(config, "proc_root", workload).mode).toBe("detect");
  });

  it("refuses signals to the agent only where selfProtection or the vector itself says so", () => {
    const modeIn = (text: string): string => policyOf(load(text), "agent_signal").mode;
    expect(modeIn("mode: enforce")).toBe("detect");
    expect(modeIn("mode: enforce\nselfProtection: true")).toBe("enforce");
    expect(modeIn("selfProtection: true")).toBe("detect");
    expect(modeIn("mode: enforce\nselfProtection: true\nvectors: {agent_signal: {mode: off}}")).toBe("off");
    expect(modeIn("vectors: {agent_signal: {mode: enforce}}")).toBe("enforce");
  });
});

describe("describeConfig", () => {
  interface Node {
    description?: string;
    properties?: Record<string, Node>;
    items?: Node;
  }
  it("names every vector and describes every key", () => {
    const root = describeConfig() as Node;
    expect(Object.keys(root.properties?.["vectors"]?.properties ?? {})).toEqual(vectorNames);
    const silent: string[] = [];
    const walk = (node: Node, path: string) => {
      for (const [key, child] of Object.entries(node.properties ?? {})) {
        if (child.description === undefined && !path.endsWith(".vectors")) silent.push(`${path}.${key}`);
        walk(child, `${path}.${key}`);
      }
      if (node.items) walk(node.items, `${path}[]`);
    };
    walk(root, "");
    expect(silent).toEqual([]);
    // The host name of the machine that makes the reference must not become a documented default.
    expect(root.properties?.["nodeName"]).not.toHaveProperty("default");
  });
});

describe("parseListenAddress", () => {
  it.each([
    ["127.0.0.1:9090", { host: "127.0.0.1", port: 9090 }],
    ["[::1]:80", { host: "::1", port: 80 }],
    [":9090", { host: "::", port: 9090 }],
    ["off", "off"],
    ["9090", undefined],
    ["a:70000", undefined],
    ["::1:80", undefined],
  ])("%s", (text, expected) => expect(parseListenAddress(text)).toEqual(expected));
});
