// SPDX-License-Identifier: Apache-2.0
// The package's scripts, on hosts that are made up: what they start, stop, take off and keep.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { read } from "./sources.js";

const directory = mkdtempSync(join(tmpdir(), "ct-package-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("the package's scripts", () => {
  interface Host {
    reload?: number;
    restart?: number;
    state?: string;
    substate?: string;
    waits?: string;
    enabled?: boolean;
    /** Of `agent --uninstall`: with the host's configuration, and with one that says nothing else. */
    uninstall?: number;
    uninstallPlain?: number;
    root?: string;
  }

  const newRoot = (): string => mkdtempSync(join(directory, "host-"));
  const marked = (root: string): boolean =>
    ["was-enabled", "was-active"].some((name) => existsSync(join(root, "state", name)));

  /** What a script did on a host with systemd on which an agent is in that state. */
  function ran(
    name: "postinst" | "prerm" | "postrm",
    args: readonly string[],
    { reload = 0, restart = 0, state = "active", substate = "running", waits = "", root = newRoot(), ...host }: Host,
  ): { calls: string[]; status: number | null; stderr: string; root: string } {
    const script = read(`packaging/debian/${name}`)
      .replaceAll("/run/systemd/system", root)
      .replaceAll("/var/lib/cloudtaser", join(root, "state"))
      .replaceAll("/etc/cloudtaser", root)
      .replaceAll("/sys/fs/bpf/cloudtaser", join(root, "pins"))
      .replaceAll("/run/cloudtaser", join(root, "run"));
    const plain = `case "$*" in *--config*) eval cat "\\$$#" >> ${root}/plain; exit ${host.uninstallPlain ?? 0} ;;`;
    for (const [program, does] of [
      [
        "systemctl",
        `case $1 in is-active) echo ${state} ;; show) echo ${substate} ;; restart) exit ${restart} ;;
          is-enabled) ${host.enabled ? "true" : "false"} ;; esac`,
      ],
      // Ends as it does when the command takes longer.
      ["timeout", `[ "$2 $3" != "${waits}" ] || exit 124\nshift\nexec "$@"`],
      ["systemd-tmpfiles", ""],
      ["systemd-sysusers", ""],
      ["cloudtaser", `${plain} *--uninstall*) exit ${host.uninstall ?? 0} ;; esac\nexit ${reload}`],
    ] as const)
      writeFileSync(join(root, program), `#!/bin/sh\necho "${program} $*" >> ${root}/calls\n${does}\n`, {
        mode: 0o755,
      });
    rmSync(join(root, "calls"), { force: true });
    const env = { PATH: `${root}:${process.env["PATH"]}` };
    const { status, stderr } = spawnSync("sh", ["-c", script, name, ...args], { env, encoding: "utf8" });
    const calls = existsSync(join(root, "calls")) ? readFileSync(join(root, "calls"), "utf8").split("\n") : [];
    return { calls, status, stderr, root };
  }

  const configured = (host: Host) => ran("postinst", ["configure", "0.1.0"], host);
  const started = ["systemctl enable --quiet cloudtaser", "systemctl start cloudtaser"];

  it("restarts an agent that has introduced the new program, and no other", () => {
    for (const state of ["active", "activating"]) {
      const { calls, status } = configured({ state });
      expect(status).toBe(0);
      expect(calls.indexOf("systemctl restart cloudtaser")).toBeGreaterThan(calls.indexOf("cloudtaser reload"));
    }
    for (const none of [{ state: "inactive" }, { state: "activating", substate: "auto-restart" }])
      expect(configured(none).calls.join()).not.toMatch(/systemctl restart|cloudtaser reload/);
    const refused = configured({ reload: 1 });
    expect(refused.calls).toContain("cloudtaser reload");
    expect(refused.calls).not.toContain("systemctl restart cloudtaser");
    expect(refused).toMatchObject({ status: 0, stderr: expect.stringContaining("the running agent goes on") });
  });

  it("does not wait for ever for an agent that is not ready, and says when one ended", () => {
    const waited = configured({ waits: "systemctl restart" });
    expect(waited).toMatchObject({ status: 0, stderr: expect.stringContaining("runs and is not ready") });
    expect(configured({ waits: "cloudtaser reload" }).stderr).toContain("the running agent goes on");
    expect(configured({ restart: 1 }).status).not.toBe(0);
  });

  it.each([
    [true, "active"],
    [true, "activating"],
    [true, "inactive"],
    [false, "active"],
    [false, "inactive"],
  ])("restore how it was (enabled: %s, %s) when the package comes back", (enabled, state) => {
    const { root, status, calls } = ran("prerm", ["remove"], { enabled, state });
    expect(status).toBe(0);
    expect(calls.slice(-3)).toEqual(["systemctl disable --now --quiet cloudtaser", "cloudtaser agent --uninstall", ""]);
    const back = configured({ root, state: "inactive" });
    expect(back.status).toBe(0);
    expect(back.calls.includes(started[0] ?? "")).toBe(enabled);
    expect(back.calls.includes(started[1] ?? "")).toBe(state !== "inactive");
    expect(marked(root)).toBe(false);
    expect(configured({ root, state: "inactive" }).calls, "once").not.toContain(started[1]);
  });

  it("enable and start it the first time, and note nothing at an upgrade or after a purge", () => {
    const first = ran("postinst", ["configure", ""], { state: "inactive" });
    for (const call of started) expect(first.calls).toContain(call);
    const { root } = ran("prerm", ["remove"], { enabled: true });
    expect(ran("postrm", ["purge"], { root }).status).toBe(0);
    expect(marked(root)).toBe(false);
    expect(ran("prerm", ["upgrade", "0.2.0"], { enabled: true }).calls).toEqual([]);
  });

  it("take the guards off without a configuration that is refused, and keep the package while they stand", () => {
    const standing = (config?: string): string => {
      const root = newRoot();
      mkdirSync(join(root, "pins"));
      if (config !== undefined) writeFileSync(join(root, "config.yaml"), config);
      return root;
    };
    for (const [config, plain] of [
      ["mode: nonsense\n", "{}\n"],
      [`mode: nonsense\npinPath: "/sys/fs/bpf/other" # ours\n`, 'pinPath: "/sys/fs/bpf/other" # ours\n'],
    ] as const) {
      const broken = ran("prerm", ["remove"], { root: standing(config), uninstall: 2 });
      expect(broken.status).toBe(0);
      expect(readFileSync(join(broken.root, "plain"), "utf8")).toBe(plain);
    }
    for (const refused of [{ uninstall: 4 }, { uninstall: 2, uninstallPlain: 4 }]) {
      const kept = ran("prerm", ["remove"], { root: standing(), enabled: true, ...refused });
      expect(kept).toMatchObject({ status: 1, stderr: expect.stringContaining("agent --uninstall --key FILE") });
      const { root } = kept;
      const restored = ran("postinst", ["abort-remove"], { root });
      expect(restored.status).toBe(0);
      expect(restored.calls.filter((call) => call.startsWith("systemctl"))).toEqual(started);
      expect(marked(root)).toBe(false);
      expect(ran("postinst", ["abort-remove"], { root }).calls).toEqual([]);
    }
    const elsewhere = standing("x");
    writeFileSync(join(elsewhere, "config.yaml"), `pinPath: '${elsewhere}/pins'\n`);
    expect(ran("prerm", ["remove"], { root: elsewhere, uninstall: 4 }).status).toBe(1);
    // Nothing stands: no BPF file system, say.
    expect(ran("prerm", ["remove"], { uninstall: 1 }).status).toBe(0);
    expect(ran("prerm", ["remove"], { uninstall: 2, uninstallPlain: 3 }).status).toBe(0);
  });
});
