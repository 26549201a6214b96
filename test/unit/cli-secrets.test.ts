// SPDX-License-Identifier: Apache-2.0
// cloudtaser secrets, and protect --secret-env: where values come from, what becomes of them, and what is said.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AddSecretReport, AddSecretRequest, ProtectRequest } from "../../src/control/protocol.js";
import { CloudtaserError } from "../../src/errors/index.js";
import { cli, fakeAgent, hostile, recordingExec, report, scratch, secretReport } from "./cli-support.js";

interface Taken extends AddSecretRequest {
  value: string;
}

/** An agent that keeps what it is given, to show what arrived. */
async function agent(over: { refuse?: (name: string) => void; report?: Partial<AddSecretReport> } = {}) {
  const taken: Taken[] = [];
  const order: string[] = [];
  const socket = await fakeAgent({
    addSecret: (asked, value) => {
      over.refuse?.(asked.name);
      taken.push({ ...asked, value: value.toString("latin1") });
      order.push(`add ${asked.name}`);
      return { secret: secretReport, outcome: "registered", warnings: [], ...over.report };
    },
    removeSecret: ({ name }) => {
      order.push(`remove ${name}`);
      return { removed: [secretReport] };
    },
    protect: async (request: ProtectRequest) => {
      order.push(`protect ${request.name}`);
      return report;
    },
  });
  return { taken, order, env: { CLOUDTASER_SOCKET: socket, PATH: "/usr/bin:/bin" } };
}

const value = "tk_7Qm2xRz9KpLw4VbN";
const add = ["secrets", "add", "--workload", "pay", "--name", "token"];
let number = 0;
function fileWith(content: string | Buffer): string {
  const path = join(scratch, `value-${++number}`);
  writeFileSync(path, content);
  return path;
}

describe("secrets add", () => {
  it("takes a file without the newline at its end, or as it is", async () => {
    const { taken, env } = await agent();
    for (const [content, flags, sent] of [
      [`${value}\n`, [], value],
      [`${value}\r\n`, [], value],
      [`${value}\n\n`, [], `${value}\n`],
      [`${value}\n`, ["--exact"], `${value}\n`],
      [Buffer.from([1, 0, 255, 10, 13]), [], "\u0001\0\u00ff\n\r"],
    ] as const) {
      const ran = await cli([...add, "--from-file", fileWith(content), ...flags], { env });
      expect(ran.code).toBe(0);
      expect(ran.out + ran.err).not.toContain(value.slice(0, 6));
      expect(taken.pop()?.value).toBe(sent);
    }
  });

  it("takes a variable as it is, and every place that is allowed", async () => {
    const { taken, env } = await agent();
    const places = ["--allow", "10.0.0.0/8:5432", "--allow", "/run/db.sock", "--replace"];
    const ran = await cli([...add, "--from-env", "TOKEN", ...places], { env: { ...env, TOKEN: `${value}\n` } });
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(taken).toEqual([
      {
        workload: "pay",
        name: "token",
        allow: ["10.0.0.0/8:5432", "/run/db.sock"],
        replace: true,
        endsWithWorkload: false,
        value: `${value}\n`,
      },
    ]);
  });

  it.each([
    [[], "exactly one of"],
    [["--from-env", "TOKEN", "--stdin"], "exactly one of"],
    [["--from-env", "NOT_THERE"], "no variable NOT_THERE"],
    [["--from-file", "/nonexistent/key"], "ENOENT"],
    [["--from-file", scratch], "is a directory"],
  ] as const)("%j is refused", async (flags, reason) => {
    const { taken, env } = await agent();
    const ran = await cli([...add, ...flags], { env: { ...env, TOKEN: value } });
    expect([ran.code, taken]).toEqual([2, []]);
    expect(ran.err).toContain(reason);
  });

  it("has no option for the value itself, and does not read a megabyte", async () => {
    const { taken, env } = await agent();
    expect((await cli([...add, "--value", value], { env })).code).toBe(2);
    const ran = await cli([...add, "--from-file", fileWith(Buffer.alloc(1024 * 1024, "ab"))], { env });
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining("longer than 65536 bytes") });
    expect(taken).toEqual([]);
  });

  it("passes warnings on, made printable", async () => {
    const { env } = await agent({ report: { warnings: [hostile], outcome: "unchanged" } });
    const ran = await cli([...add, "--from-env", "TOKEN"], { env: { ...env, TOKEN: value } });
    expect(ran.err).toContain("warning: \\x1b[2Jx");
    expect(ran.out).toContain("was registered already");
  });
});

describe("secrets list and remove", () => {
  it("show names and places, as text and as JSON", async () => {
    const socket = await fakeAgent({ secrets: () => ({ unsupported: hostile, secrets: [secretReport] }) });
    const env = { CLOUDTASER_SOCKET: socket };
    const text = await cli(["secrets", "list"], { env });
    expect(text.out).toMatch(/pay +key +2026-01-01T00:00:00.000Z +10\.0\.0\.0\/8:5432/);
    expect(text.err).toContain("\\x1b[2J");
    const json = JSON.parse((await cli(["secrets", "list", "--json"], { env })).out);
    expect(json.secrets).toEqual([secretReport]);
    expect((await cli(["secrets", "remove", "--workload", "pay"], { env })).out).toContain("1 secret of pay forgotten");
    expect((await cli(["secrets", "remove"], { env })).code).toBe(2);
  });
});

describe("protect --secret-env", () => {
  const command = ["--", "/bin/true"];

  it("registers before it asks for protection, under a name that nobody else has", async () => {
    const { taken, order, env } = await agent();
    const calls: unknown[] = [];
    const vars = { ...env, A: value, B: `${value}2`, C: value };
    const flags = ["--secret-env", "A", "--secret-env", "B", "--secret-env", "C", "--allow", "B=[::1]:5432"];
    await cli(["protect", ...flags, ...command], { env: vars, native: recordingExec(calls) });
    const workload = taken[0]?.workload;
    expect(workload).toMatch(new RegExp(`^true-${process.pid}-[0-9a-f]{8}$`));
    // C has the value of A: it is one secret.
    expect(taken.map(({ name, allow }) => [name, allow])).toEqual([
      ["A", []],
      ["B", ["[::1]:5432"]],
    ]);
    expect(taken.every((one) => one.endsWithWorkload && one.replace && one.workload === workload)).toBe(true);
    expect(order.slice(0, 3)).toEqual(["add A", "add B", `protect ${workload}`]);
    expect(calls).toHaveLength(1);
  });

  it("keeps the name that was given", async () => {
    const { taken, order, env } = await agent();
    const argv = ["protect", "--name", "pay", "--secret-env", "A", ...command];
    await cli(argv, { env: { ...env, A: value }, native: recordingExec([]) });
    expect([taken[0]?.workload, order[1]]).toEqual(["pay", "protect pay"]);
  });

  it.each([
    ["a value that is unfit", { A: value, B: "short" }, [], ["add A", "remove A"], 2],
    ["a variable that is not there", { A: value }, [], ["add A", "remove A"], 2],
    ["a place for a variable that is no secret", { A: value, B: value }, ["--allow", "X=1.2.3.4"], [], 2],
    ["a place without a variable", { A: value, B: value }, ["--allow", "1.2.3.4"], [], 2],
  ] as const)("starts nothing for %s, and takes back what it has registered", async (_, vars, more, wanted, code) => {
    const refuse = (name: string) => {
      if (name === "B") throw new CloudtaserError("SECRET_UNFIT", { target: name, fields: { reason: "too short" } });
    };
    const { order, env } = await agent({ refuse });
    const calls: unknown[] = [];
    const argv = ["protect", "--secret-env", "A", "--secret-env", "B", ...more, ...command];
    const ran = await cli(argv, { env: { ...env, ...vars }, native: recordingExec(calls) });
    expect([ran.code, calls, order]).toEqual([code, [], wanted]);
  });

  it("takes a value that is registered under another name for done", async () => {
    const refuse = (name: string) => {
      throw new CloudtaserError("SECRET_TWICE", { target: name, fields: { known: "other" } });
    };
    const { order, env } = await agent({ refuse });
    const calls: unknown[] = [];
    const argv = ["protect", "--name", "pay", "--secret-env", "A", ...command];
    const ran = await cli(argv, { env: { ...env, A: value }, native: recordingExec(calls) });
    expect([calls.length, order]).toEqual([1, ["protect pay"]]);
    expect(ran.err).toContain("registered already, as other");
  });

  it("takes back what it has registered when the command cannot start", async () => {
    const { order, env } = await agent();
    const argv = ["protect", "--name", "pay", "--secret-env", "A", ...command];
    await cli(argv, { env: { ...env, A: value }, native: recordingExec([], new Error("ENOEXEC")) });
    expect(order).toEqual(["add A", "protect pay", "remove A"]);
  });

  it("goes only with a command", async () => {
    mkdirSync(join(scratch, "none"), { recursive: true });
    const { env } = await agent();
    const ran = await cli(["protect", "7", "--secret-env", "A"], { env: { ...env, A: value } });
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining("secrets add") });
  });
});
