// SPDX-License-Identifier: Apache-2.0
// Registered secrets by name: what is the same, what replaces what, what is kept on disk, and that no value stays.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { whoRuns } from "../../src/agent/secrets.js";
import type { ScopeRecord } from "../../src/scope/index.js";
import { directory, FakeKernel, room, secret } from "./secrets-support.js";

const code = (name: string) => expect.objectContaining({ code: name });
let number = 0;

describe("adding", () => {
  it("names it, and keeps no byte of it anywhere", () => {
    const { secrets, add, file } = room();
    expect(add("token", secret, { allow: ["10.0.0.0/8:5432"] })).toMatchObject({ outcome: "registered", warnings: [] });
    const entry = { name: "token", workload: "pay", allow: ["10.0.0.0/8:5432"], endsWithWorkload: false };
    expect(secrets.list()).toEqual([{ ...entry, added: "2026-01-01T00:00:00.000Z" }]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "latin1") + JSON.stringify(secrets.list())).not.toContain(secret.slice(0, 4));
  });

  it.each([
    ["three bytes", "abc", 1],
    ["one byte over and over", "x", 64],
    ["a megabyte", "y", 1024 * 1024],
  ])("%s changes nothing", (_, text, times) => {
    const { secrets, kernel, add } = room();
    expect(() => add("token", text.repeat(times))).toThrow(code("SECRET_UNFIT"));
    expect([secrets.list(), kernel.known.size]).toEqual([[], 0]);
  });

  it("refuses a sink before it looks at the kernel", () => {
    const { kernel, add } = room();
    expect(() => add("token", secret, { allow: ["db:5432"] })).toThrow(code("SINK_UNUSABLE"));
    expect(kernel.known.size).toBe(0);
  });

  it("the same value and name again changes only where it may go", () => {
    const { secrets, kernel, add } = room();
    add("token", secret);
    expect(add("token", secret, { allow: ["10.0.0.1:5432"] }).outcome).toBe("unchanged");
    expect(secrets.list()).toMatchObject([{ allow: ["10.0.0.1:5432"] }]);
    expect([...kernel.known.values()]).toMatchObject([{ sinks: { networks: [{ port: 5432 }] } }]);
  });

  it("the same value under another name is refused in one workload, and taken in another", () => {
    const { secrets, add } = room();
    add("token", secret);
    expect(() => add("key", secret)).toThrow(code("SECRET_TWICE"));
    expect(() => add("key", secret, { replace: true })).toThrow(/as token$/);
    expect(add("key", secret, { workload: "shop" }).outcome).toBe("registered");
    expect(secrets.count).toBe(2);
  });

  it("another value under the same name takes its place only if asked to", () => {
    const { secrets, kernel, add } = room();
    add("token", secret);
    expect(() => add("token", `${secret}-new`)).toThrow(code("SECRET_NAME_TAKEN"));
    expect(add("token", `${secret}-new`, { replace: true }).outcome).toBe("replaced");
    expect([secrets.count, [...kernel.known.values()].map(({ text }) => text)]).toEqual([1, [`${secret}-new`]]);
  });

  it("is refused where nothing is looked at behind one of the doors, and nothing is left of it", () => {
    const { secrets, kernel, add } = room();
    kernel.doorsMissing = ["socket_sendmsg"];
    expect(() => add("token", secret)).toThrow(code("SECRETS_UNSUPPORTED"));
    expect(() => add("token", secret)).toThrow("socket_sendmsg");
    expect([secrets.count, kernel.known.size]).toEqual([0, 0]);
  });

  it("a part of another is taken, and said", () => {
    const { add } = room();
    add("long", `prefix-${secret}-suffix`);
    expect(add("short", secret).warnings.join()).toContain("stands in another secret");
  });

  it("what does not fit leaves names, numbers and values as they were", () => {
    const { secrets, kernel, add } = room();
    add("token", secret);
    kernel.room = 1;
    expect(() => add("other", "another one that is long")).toThrow(code("SECRETS_FULL"));
    expect(() => add("token", "another one that is long", { replace: true })).toThrow(code("SECRETS_FULL"));
    expect(secrets.list().map(({ name }) => name)).toEqual(["token"]);
    expect([...kernel.known.values()].map(({ text }) => text)).toEqual([secret]);
  });

  it("five thousand is no more than many", () => {
    const { secrets, add, open } = room();
    for (let i = 0; i < 5_000; i++) add(`s${i}`, `secret-number-${i}-${i * 7919}`);
    expect(secrets.count).toBe(5_000);
    expect(open().list()).toEqual(secrets.list());
  });
});

describe("removing", () => {
  it("takes one or all of a workload, and says when there is none", () => {
    const { secrets, kernel, add } = room();
    for (const name of ["a", "b", "c"]) add(name, `${secret}-${name}`);
    add("a", secret, { workload: "shop" });
    expect(secrets.remove("pay", "b").map(({ name }) => name)).toEqual(["b"]);
    expect(() => secrets.remove("pay", "b")).toThrow(code("SECRET_UNKNOWN"));
    expect(secrets.remove("pay")).toHaveLength(2);
    expect(() => secrets.remove("pay")).toThrow(code("SECRET_UNKNOWN"));
    expect([secrets.list().map(({ workload }) => workload), kernel.known.size]).toEqual([["shop"], 1]);
  });

  it("leaves the name to events that are on their way, and gives the number to nobody", () => {
    const { secrets, kernel, add } = room();
    add("token", secret);
    const [id = 0] = kernel.known.keys();
    secrets.remove("pay", "token");
    add("next", `${secret}-next`);
    expect([secrets.byNumber(id)?.name, [...kernel.known.keys()].includes(id)]).toEqual(["token", false]);
  });

  it("does not happen because somebody sets the clock", () => {
    const { secrets, add, setClock } = room();
    add("token", secret, { endsWithWorkload: true });
    setClock(365 * 86_400);
    secrets.check();
    expect(secrets.count).toBe(1);
  });

  it("happens by itself when the workload has ended, if that was asked for", () => {
    const { secrets, running, add, wait, kernel } = room();
    const endsWithWorkload = true;
    add("kept", secret);
    add("token", `${secret}-1`, { endsWithWorkload });
    add("early", `${secret}-2`, { workload: "shop", endsWithWorkload });
    secrets.check();
    expect(secrets.count).toBe(3);
    running.add("pay");
    secrets.check();
    running.clear();
    secrets.check();
    expect(secrets.list().map(({ name }) => name)).toEqual(["kept", "early"]);
    wait(601);
    secrets.check();
    expect(secrets.list().map(({ name }) => name)).toEqual(["kept"]);
    expect(kernel.settled).toBe(4);
  });
});

describe("a look around", () => {
  it("asks once who runs, however many secrets end with their workload, and not for those that do not", () => {
    const { secrets, add, looks } = room();
    add("kept", secret);
    secrets.check();
    expect(looks.count).toBe(0);
    for (let i = 0; i < 20; i++) add(`s${i}`, `${secret}-${i}`, { endsWithWorkload: true });
    secrets.check();
    expect(looks.count).toBe(1);
  });

  it("is one census", () => {
    const groups = { numberOf: (name: string) => ["pay", "shop", "idle"].indexOf(name) + 1 || undefined };
    let censuses = 0;
    const records = () => {
      censuses++;
      return [1, 2, 2].map((group) => ({ who: { group } }) as ScopeRecord);
    };
    const isRunning = whoRuns(groups, { records });
    expect(["pay", "shop", "idle", "unknown"].map(isRunning)).toEqual([true, true, false, false]);
    expect(censuses).toBe(1);
  });
});

describe("a workload that is started again", () => {
  it("has its secrets from the moment they are registered, old value or new, before its first process is there", () => {
    for (const next of [secret, `${secret}-new`]) {
      const { secrets, running, add, wait } = room();
      const launched = { endsWithWorkload: true, replace: true };
      add("token", secret, launched);
      running.add("pay");
      secrets.check();
      running.clear();
      wait(3600);
      add("token", next, launched);
      secrets.check();
      expect(secrets.count).toBe(1);
      running.add("pay");
      secrets.check();
      running.clear();
      secrets.check();
      expect(secrets.count).toBe(0);
      add("token", next, launched);
      secrets.check();
      expect(secrets.count).toBe(1);
    }
  });
});

describe("names on disk", () => {
  it("are those of the last agent, as far as the kernel still knows the secrets", () => {
    const { kernel, file, add, secrets } = room();
    add("token", secret);
    add("other", `${secret}-2`);
    const [first = 0] = kernel.known.keys();
    kernel.known.delete(first);
    kernel.known.set(77, { group: 2, text: "", sinks: { networks: [], files: [] } });
    const next = room(kernel, file).secrets;
    expect(next.list().map(({ name, workload }) => [name, workload])).toEqual([
      ["other", "pay"],
      ["secret-77", "shop"],
    ]);
    expect(next.groups()).toEqual(new Set([1, 2]));
    expect(secrets.count).toBe(2);
  });

  it("follow the name that the workload has now, and leave the old one to whoever has it", () => {
    const { kernel, file, add } = room();
    add("token", secret);
    for (const one of kernel.known.values()) one.group = 9;
    const { secrets: next, add: addNext } = room(kernel, file);
    expect(next.list().map(({ name, workload }) => [name, workload])).toEqual([["token", "group-9"]]);
    expect(addNext("token", secret).outcome).toBe("registered");
    expect([...kernel.known.values()].map(({ group }) => group)).toEqual([9, 1]);
  });

  it("that were damaged are none, and do no harm", () => {
    for (const text of [
      "",
      "{",
      '{"set":{"id":-1}}\n',
      '{"set":1}\n\0\n',
      "[]\n",
      `{"remove":1}\n{"next":99999999999}\n`,
    ]) {
      const file = join(directory, `damaged-${++number}`);
      writeFileSync(file, text);
      const { add, open } = room(new FakeKernel(), file);
      add("token", secret);
      expect(open().count).toBe(1);
    }
  });
});
