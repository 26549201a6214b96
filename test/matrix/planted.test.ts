// SPDX-License-Identifier: Apache-2.0
// What somebody has put among the pins, where nobody refused him that: the next agent starts, keeps what stands, takes
// nothing of his for its own, and takes all of it away at the end.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LeakHeadSize } from "../../src/kernel/abi.gen.js";
import { Guest } from "../lab/guest.js";
import { isWhole } from "./extent.js";
import { Field, type Person } from "./field.js";
import { giveSecret } from "./secret.js";

const pins = "/sys/fs/bpf/cloudtaser";
const config = { mode: "enforce", nodeGuards: "always", vectors: { pin_remove: { mode: "off" } } };

describe.each(isWhole ? ["6.12", "5.10"] : ["6.12"])("what is planted among the pins, on %s", (kernel) => {
  let field: Field;
  let victim: Person;

  beforeAll(async () => {
    field = new Field(await Guest.boot({ kernel, memory: "1536M" }));
    victim = await field.person();
    await field.startAgent(config);
    await field.protect(victim.pid, "victim");
  }, 600_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  async function works(command: string): Promise<string> {
    const { status, stdout, stderr } = await field.sh(command);
    expect({ command, status, stderr }).toMatchObject({ status: 0 });
    return stdout.trim();
  }

  async function endAgent(): Promise<void> {
    await field.signalAgent("KILL");
    await field.agent?.done;
  }

  async function isRefused(when: string): Promise<void> {
    const { truth } = await field.attack("environ_read", "default", victim);
    expect({ ...truth }, when).toMatchObject({ succeeded: false, errnoName: "EPERM" });
  }

  test("a table for secrets that lies there before the first one is not filled", async () => {
    const his = "/sys/fs/bpf/his";
    const make = `bpftool map create ${his} type array key 4 value ${LeakHeadSize} entries 1 name leak_head`;
    await works(`${make} && mkdir -p ${pins}/leaks && bpftool map pin pinned ${his} ${pins}/leaks/leak_head`);
    await giveSecret(field, "victim");
    const dump = await field.sh(`bpftool -j map dump pinned ${his}`);
    expect(dump, "it is the agent's").toMatchObject({ status: 0 });
    expect(dump.stdout).not.toMatch(/0x(?!00)/);
    await works(`rm ${his}`);
    const listed = await works(`ls ${pins}/leaks`);
    expect(listed.split("\n")).toContain("leak_secrets");
    expect(field.agent?.stderr).toContain("leaks/leak_head");
  }, 300_000);

  test("a directory with the name of a newer generation takes no door off", async () => {
    await endAgent();
    const deep = `p = "${pins}/doors-999/x"
import os
os.chdir("${pins}/doors-999")
for _ in range(60):
    os.mkdir("d" * 100); os.chdir("d" * 100)`;
    await works(`mkdir -p ${pins}/doors-999/x ${pins}/doors-0/x ${pins}/doors-2-new/x`);
    await works(`python3 -c '${deep}'`);
    await works(`mkdir ${pins}/doors-1/x; ln -s /etc ${pins}/doors-7`);
    await isRefused("without an agent");
    await field.startAgent(config);
    await isRefused("under the next agent");
    expect(await works(`ls ${pins}`)).toMatch(/^doors-\d+\nleaks\nmaps$/);
    expect((await field.control("GET", "/v1/status")).stdout).toContain(`"tookOver":true`);
    await works("test -e /etc/passwd");
  }, 300_000);

  test("tables of secrets that are not the agent's are not taken over by the next one", async () => {
    await field.unprotect("victim");
    await field.protect(victim.pid, "victim");
    await endAgent();
    const make = `bpftool map create ${pins}/leaks/leak_secrets type hash key 4 value 8 entries 4 name leak_secrets`;
    await works(`rm -rf ${pins}/leaks && mkdir ${pins}/leaks && ${make}`);
    await field.startAgent(config);
    await giveSecret(field, "victim");
    await isRefused("under the next agent");
    expect(field.agent?.stderr).toContain("leaks/leak_secrets");
  }, 300_000);

  test("all of it goes with the guards", async () => {
    await endAgent();
    await works(`mkdir -p ${pins}/doors-0/x/y ${pins}/doors-odd-new/x ${pins}/leaks/x/y`);
    const { status, stderr } = await field.sh("cloudtaser agent --uninstall", 120);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    await works(`test ! -e ${pins}`);
    const { truth } = await field.attack("environ_read", "default", victim);
    expect({ ...truth }).toMatchObject({ succeeded: true });
  }, 300_000);
});
