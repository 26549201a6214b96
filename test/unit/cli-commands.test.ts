// SPDX-License-Identifier: Apache-2.0
// Every command against a fake agent: arguments, what is asked, what is printed, how it ends.

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { follow } from "../../src/cli/events.js";
import type { ProtectRequest, VectorReport } from "../../src/control/protocol.js";
import { CloudtaserError } from "../../src/errors/index.js";
import { cli, fakeAgent, recordingExec, report, scratch, status } from "./cli-support.js";

describe("arguments", () => {
  it.each([
    ["an unknown command", ["stauts"], 2, "Did you mean status?"],
    ["an unknown flag", ["status", "--jsno"], 2, "unknown option '--jsno'"],
    ["too many arguments", ["status", "x"], 2, "too many arguments"],
    ["a flag without its value", ["--socket"], 2, "argument missing"],
    ["no target", ["protect"], 2, "exactly one of"],
    ["two targets", ["protect", "1", "--unit", "x"], 2, "exactly one of"],
    ["a pid and a command", ["protect", "1", "--", "ls"], 2, "exactly one of"],
    ["an empty command", ["protect", "--"], 2, "no command after --"],
    ["a pid that is none", ["protect", "12x"], 2, '"12x" is not a process id'],
    ["pid 0", ["protect", "0"], 2, "not a process id"],
    ["a pid beyond the kernel's", ["unprotect", "4194305"], 2, "not a process id"],
    ["nothing to unprotect", ["unprotect"], 2, "exactly one of"],
    ["a command for status", ["status", "--", "ls"], 2, "takes no command"],
    ["a backlog that is none", ["events", "--backlog", "-5x"], 2, "whole number"],
    ["a bad mode", ["agent", "--mode", "banana"], 2, "flag --mode"],
    ["a bad form", ["agent", "--form", "kprobe"], 2, "flag --form"],
    ["a missing configuration", ["agent", "--config", "/nonexistent.yaml"], 2, "/nonexistent.yaml"],
    ["no command at all", [], 2, "Usage: cloudtaser"],
  ])("refuses %s", async (_, argv, code, text) => {
    const ran = await cli(argv);
    expect(ran.err).toContain(text);
    expect(ran.code).toBe(code);
    expect(ran.out).toBe("");
  });

  it("shows help and version on standard output", async () => {
    const help = await cli(["protect", "--help"]);
    expect([help.code, help.err]).toEqual([0, ""]);
    expect(help.out).toContain("-- COMMAND");
    expect((await cli(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("says errors as JSON when asked", async () => {
    const ran = await cli(["status", "--json"]);
    expect(JSON.parse(ran.err)).toMatchObject({ error: { code: "AGENT_NOT_RUNNING" } });
    expect([ran.code, ran.out]).toEqual([1, ""]);
  });

  it("takes the socket from the flag, then the environment, then the configuration", async () => {
    const socket = await fakeAgent();
    const file = join(scratch, "config.yaml");
    writeFileSync(file, `control:\n  socket: ${socket}\n`);
    const missing = join(scratch, "missing.sock");
    expect((await cli(["status", "--socket", socket], { env: { CLOUDTASER_SOCKET: missing } })).code).toBe(0);
    expect((await cli(["status", "--config", file], { env: {} })).code).toBe(0);
    expect((await cli(["status", "--config", file], { env: { CLOUDTASER_SOCKET: missing } })).err).toContain(missing);
    writeFileSync(file, "control:\n  sokcet: /x\n");
    expect((await cli(["status", "--config", file], { env: {} })).err).toContain("CONFIG_UNKNOWN_KEY");
  });
});

describe("status, vectors, reload", () => {
  it("prints the state, and nothing that drives the terminal", async () => {
    const ran = await cli(["status", "--socket", await fakeAgent()]);
    expect(ran.code).toBe(0);
    for (const text of ["ready", "pid 99", "scope_full 2", "unproven", "gone", "\\x1b[2Jx\\x0a"]) {
      expect(ran.out).toContain(text);
    }
    expect(ran.out).not.toContain("\u001b");
    const json = await cli(["status", "--json", "--socket", await fakeAgent()]);
    expect(JSON.parse(json.out)).toEqual(status);
  });

  it("drives no terminal with JSON either: a name may hold what some take for an escape", async () => {
    const named = { ...status, processes: status.processes.map((one) => ({ ...one, comm: "x\u009b2J\u2028\x7f" })) };
    const { out } = await cli(["status", "--json", "--socket", await fakeAgent({ status: () => named })]);
    expect(out).not.toMatch(/[\x7f-\x9f\u2028\u2029]/);
    expect(JSON.parse(out)).toEqual(named);
  });

  it("ends with 6 while the agent is not ready", async () => {
    const socket = await fakeAgent({ status: () => ({ ...status, ready: false, notReady: ["door bpf"] }) });
    const ran = await cli(["status", "--socket", socket]);
    expect(ran.out).toContain("not ready: door bpf");
    expect(ran.code).toBe(6);
    expect((await cli(["status", "--json", "--socket", socket])).code).toBe(6);
  });

  it("lists the vectors without an agent, and says so", async () => {
    const ran = await cli(["vectors"]);
    expect(ran.code).toBe(0);
    expect(ran.out).toContain("environ_read");
    expect(ran.err).toContain("nothing is guarded now");
    const rows: unknown = JSON.parse((await cli(["vectors", "--json"])).out);
    expect(rows).toContainEqual(expect.objectContaining({ vector: "kcore", event: "KERNEL_MEMORY_READ" }));
  });

  it("shows mode, proof and counts with one", async () => {
    const vector: VectorReport = {
      vector: "kcore",
      title: "t",
      event: "KERNEL_MEMORY_READ",
      mode: "enforce",
      kill: true,
      form: "lsm",
      doors: ["file_open"],
      proved: false,
      idle: false,
      reason: "file_open: no canary",
      soundness: "sound",
      observed: "0",
      killed: "0",
      denied: "17",
      allowed: "0",
    };
    const socket = await fakeAgent({ vectors: () => [vector] });
    const ran = await cli(["vectors", "--socket", socket]);
    expect(ran.out).toMatch(/kcore +enforce\+kill +lsm +sound +17 +0 +0 +not proved: file_open: no canary/);
    const rows: unknown = JSON.parse((await cli(["vectors", "--json", "--socket", socket])).out);
    expect(rows).toContainEqual(expect.objectContaining({ vector: "kcore", denied: "17", severity: "critical" }));
  });

  it("reloads, and passes on why not", async () => {
    const done = (await cli(["reload", "--socket", await fakeAgent()])).out;
    expect(done).toContain("2026-02-02");
    expect(done).not.toContain("restarted");
    const waits = await fakeAgent({
      reload: async () => ({ loadedAt: "2026-02-02", needsRestart: ["pinPath", "form"] }),
    });
    expect((await cli(["reload", "--socket", waits])).out).toContain(
      "\nnot in force before the agent is restarted: pinPath, form\n",
    );
    const socket = await fakeAgent({
      reload: async () => {
        throw new CloudtaserError("CONFIG_UNKNOWN_KEY", {
          target: "/etc/c.yaml:3:1",
          fields: { key: "mdoe", suggestion: "" },
        });
      },
    });
    const ran = await cli(["reload", "--socket", socket]);
    expect(ran.err).toContain("/etc/c.yaml:3:1: unknown key mdoe");
    expect(ran.code).toBe(2);
  });
});

describe("protect and unprotect", () => {
  it.each<[string[], ProtectRequest]>([
    [["protect", "12"], { pid: 12 }],
    [["protect", "--unit", "pay.service", "--name", "pay"], { unit: "pay.service", name: "pay" }],
    [["protect", "--cgroup", "/sys/fs/cgroup/x"], { cgroup: "/sys/fs/cgroup/x" }],
  ])("%j asks for %j", async (argv, wanted) => {
    const asked: ProtectRequest[] = [];
    const socket = await fakeAgent({
      protect: async (request) => {
        asked.push(request);
        return report;
      },
    });
    const ran = await cli([...argv, "--socket", socket]);
    expect(asked).toEqual([wanted]);
    expect(ran.out).toContain("1 process protected as pay");
    expect(ran.err).toBe("warning: traced by \\x1b[2Jx\\x0a\n");
    expect(ran.code).toBe(0);
  });

  it("unprotects by pid and by workload", async () => {
    const asked: unknown[] = [];
    const socket = await fakeAgent({
      unprotect: async (request) => {
        asked.push(request);
        return report;
      },
    });
    await cli(["unprotect", "12", "--socket", socket]);
    const ran = await cli(["unprotect", "--workload", "pay", "--json", "--socket", socket]);
    expect(asked).toEqual([{ pid: 12 }, { workload: "pay" }]);
    expect(JSON.parse(ran.out)).toEqual(report);
  });

  it("becomes the command after asking for itself, flags of the command untouched", async () => {
    const asked: unknown[] = [];
    const calls: unknown[] = [];
    const socket = await fakeAgent({
      protect: async (request) => {
        asked.push(request, calls.length);
        return report;
      },
    });
    const env = { PATH: "/nonexistent:/usr/bin:/bin", SECRET: "s", CLOUDTASER_SOCKET: socket };
    await cli(["protect", "--name", "pay", "--", "ls", "--json", "--", "-x"], { env, native: recordingExec(calls) });
    expect(asked).toEqual([{ self: true, name: "pay" }, 0]);
    expect(calls).toEqual([
      [
        expect.stringMatching(/^(\/usr)?\/bin\/ls$/),
        ["ls", "--json", "--", "-x"],
        ["PATH=/nonexistent:/usr/bin:/bin", "SECRET=s", `CLOUDTASER_SOCKET=${socket}`],
      ],
    ]);
  });

  it("ends as a shell does when the command cannot start, without having asked", async () => {
    const asked: unknown[] = [];
    const socket = await fakeAgent({
      protect: async (request) => {
        asked.push(request);
        return report;
      },
    });
    const bin = join(scratch, "bin");
    mkdirSync(join(bin, "directory"), { recursive: true });
    writeFileSync(join(bin, "plain"), "");
    chmodSync(join(bin, "plain"), 0o644);
    const env = { PATH: bin, CLOUDTASER_SOCKET: socket };
    const start = async (command: string) => (await cli(["protect", "--", command], { env })).code;
    expect(await start("nowhere")).toBe(127);
    expect(await start("/nowhere/at/all")).toBe(127);
    expect(await start("")).toBe(127);
    expect(await start("directory")).toBe(127);
    expect(await start(join(bin, "directory"))).toBe(126);
    expect(await start("plain")).toBe(126);
    expect(asked).toEqual([]);
  });

  it("ends with 126 when exec itself refuses, and does not start unprotected", async () => {
    const calls: unknown[] = [];
    const failure = Object.assign(new Error("ENOEXEC"), { code: "ENOEXEC" });
    const native = recordingExec(calls, failure);
    const env = { PATH: "/usr/bin:/bin", CLOUDTASER_SOCKET: await fakeAgent() };
    const ran = await cli(["protect", "--", "ls"], { env, native });
    expect([ran.code, calls.length]).toEqual([126, 1]);
    const none = await cli(["protect", "--", "ls"], { native: recordingExec(calls) });
    expect(none.err).toContain("AGENT_NOT_RUNNING");
    expect(calls).toHaveLength(1);
  });
});

describe("events", () => {
  it("prints the backlog as it came with --json, and neutralised without", async () => {
    const line = `{"id":"1","odd":"\u001b[2J"}`;
    const subscribe = (count: number, onLine: (text: string) => void) => {
      if (count === 5) onLine(line);
      return () => {};
    };
    const socket = await fakeAgent({ subscribe });
    const json = await cli(["events", "--json", "--backlog", "5", "--socket", socket]);
    expect(json.out).toBe(`${line}\n`);
    const text = await cli(["events", "--backlog", "5", "--socket", socket]);
    expect(text.out).toContain("unknown event");
    expect(text.out).not.toContain("\u001b");
  });

  it("comes back after a break, slower each time, and shows nothing twice", async () => {
    const down = () => new CloudtaserError("AGENT_NOT_RUNNING", { target: "/s" });
    const lost = () => new CloudtaserError("AGENT_UNREACHABLE", { target: "/s", fields: { reason: "gone" } });
    const script: (string | CloudtaserError)[][] = [
      ['{"id":"a"}', '{"id":"b"}', lost()],
      [down()],
      [down()],
      ['{"id":"b"}', '{"id":"c"}', lost()],
      [new CloudtaserError("CONTROL_FORBIDDEN", { target: "/s", fields: { uid: 1 } })],
    ];
    const asked: (number | undefined)[] = [];
    const client = {
      socket: "/s",
      async *events({ backlog }: { backlog?: number } = {}) {
        asked.push(backlog);
        for (const step of script.shift() ?? []) {
          if (step instanceof Error) throw step;
          yield step;
        }
      },
    };
    const waited: number[] = [];
    const notes: string[] = [];
    const lines: string[] = [];
    const wait = async (ms: number) => void waited.push(ms);
    const all = async () => {
      for await (const line of follow(client, { backlog: 5 }, (text) => void notes.push(text), wait)) lines.push(line);
    };
    await expect(all()).rejects.toMatchObject({ code: "CONTROL_FORBIDDEN" });
    expect(lines).toEqual(['{"id":"a"}', '{"id":"b"}', '{"id":"c"}']);
    expect(waited).toEqual([500, 1000, 2000, 500]);
    expect(asked).toEqual([5, 1000, 1000, 1000, 1000]);
    expect(notes).toHaveLength(4);
  });

  it("does not wait for an agent that was never there", async () => {
    expect((await cli(["events", "-f"])).err).toContain("AGENT_NOT_RUNNING");
  });
});
