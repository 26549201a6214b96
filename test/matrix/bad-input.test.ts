// SPDX-License-Identifier: Apache-2.0
// Bad input on a real machine: one clear message with the place and the way out, a status above 0, nothing left attached,
// the old configuration still in force. And the commands as people type them.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Guest } from "../lab/guest.js";
import { onlyInAll } from "./extent.js";
import { Field } from "./field.js";
import { fullDiskTests } from "./full-disk.js";
import { logTests } from "./log.js";
import { monitoringTests } from "./monitoring.js";

describe("bad input and commands", () => {
  let field: Field;

  beforeAll(async () => {
    field = new Field(await Guest.boot({ kernel: "6.12", memory: "1536M" }));
  }, 600_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  /** Programs of ours in the kernel, and pins. */
  async function left(): Promise<string> {
    const { stdout } = await field.sh("bpftool prog show | grep -o 'name ct_[a-z_]*'; ls /sys/fs/bpf");
    return stdout.trim();
  }

  async function refusedAgent(
    config: string | undefined,
    expected: { status: number; says: readonly string[] },
    prefix = "",
  ): Promise<void> {
    if (config !== undefined) await field.guest.writeFile("/run/bad.yaml", config);
    const result = await field.sh(`${prefix} cloudtaser agent --config /run/bad.yaml`, 120);
    const said = result.stderr + result.stdout;
    expect({ status: result.status, said }).toMatchObject({ status: expected.status });
    for (const word of expected.says) expect(said).toContain(word);
    expect(await left()).toBe("");
  }

  test("a configuration that is wrong is refused with line and column", async () => {
    await refusedAgent("mode: enforce\nmoed: detect\n", { status: 2, says: ["/run/bad.yaml:2:1", "moed", "mode"] });
    await refusedAgent("mode: [enforce\n", { status: 2, says: ["/run/bad.yaml", "YAML"] });
    await refusedAgent("allow: [{exe: /nowhere/gdb}]\n", { status: 2, says: ["/nowhere/gdb"] });
    await field.sh("rm -f /run/bad.yaml");
    await refusedAgent(undefined, { status: 2, says: ["/run/bad.yaml"] });
  }, 400_000);

  test("a machine that cannot is refused with what is missing", async () => {
    await refusedAgent(
      "mode: enforce\n",
      { status: 4, says: ["root"] },
      "setpriv --reuid 65534 --regid 65534 --clear-groups",
    );
    const hideBtf = "unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec \"$@\"' --";
    await refusedAgent("mode: enforce\n", { status: 3, says: ["/sys/kernel/btf/vmlinux"] }, hideBtf);
  }, 300_000);

  test("an object that is altered, cut short or missing is refused, with nothing attached", async () => {
    const there = "/run/objects/cloudtaser.bpf.o";
    // One byte behind the end of what the loader reads: still the same programs.
    const { stdout } = await field.sh(
      `mkdir -p /run/objects && cd /opt/cloudtaser/build/bpf && cp cloudtaser.bpf.o ${there} && printf x >> ${there} && sha256sum ${there}`,
    );
    const digest = stdout.slice(0, 64);
    await refusedAgent("objectPath: /run/objects\n", {
      status: 1,
      says: ["OBJECT_ALTERED", there, digest, "objectDigests"],
    });
    await field.sh(`head -c 20000 /opt/cloudtaser/build/bpf/cloudtaser.bpf.o > ${there}`);
    await refusedAgent("objectPath: /run/objects\n", { status: 1, says: ["OBJECT_ALTERED", there] });
    const cut = (await field.sh(`sha256sum ${there}`)).stdout.slice(0, 64);
    const named = `objectPath: /run/objects\nobjectDigests: {cloudtaser.bpf.o: "${cut}"}\n`;
    await refusedAgent(named, { status: 1, says: ["OBJECT_DAMAGED", there] });
    await field.sh(`rm ${there}`);
    await refusedAgent("objectPath: /run/objects\n", { status: 1, says: ["OBJECT_MISSING", there] });
  }, 300_000);

  test("a socket that is no socket is left alone", async () => {
    await field.sh("mkdir -p /run/other; echo precious > /run/other/control.sock");
    await refusedAgent("control: {socket: /run/other/control.sock}\n", {
      status: 5,
      says: ["/run/other/control.sock"],
    });
    expect((await field.sh("cat /run/other/control.sock")).stdout).toBe("precious\n");
  }, 300_000);

  test("SIGTERM during start leaves nothing attached", async () => {
    await field.guest.writeFile("/run/good.yaml", "mode: enforce\nevents: {stdout: false}\n");
    const script = `
      cloudtaser agent --config /run/good.yaml 2>/run/agent.log & pid=$!
      for i in $(seq 2000); do grep -q 'control socket is open' /run/agent.log && break; sleep 0.05; done
      kill -TERM $pid; wait $pid; echo status $?; cat /run/agent.log`;
    const { stdout } = await field.sh(script, 240);
    expect(stdout).toMatch(/status 130/);
    expect(stdout).toContain("SIGTERM");
    expect(await left()).toBe("");
  }, 300_000);

  test("a second agent, a bad reload and bad targets change nothing", async () => {
    await field.startAgent({ mode: "enforce" });
    const second = await field.sh("cloudtaser agent --config /run/good.yaml", 120);
    expect(second.status).toBe(5);
    expect(second.stderr).toContain(`pid ${field.agentPid}`);

    const person = await field.person();
    await field.protect(person.pid, "service");
    await field.guest.writeFile("/run/cloudtaser.yaml", "mode: detekt\n");
    const reload = await field.sh("cloudtaser reload", 120);
    expect(reload.status).toBeGreaterThan(0);
    expect(reload.stderr).toContain("/run/cloudtaser.yaml:1:7");
    const { truth } = await field.attack("environ_read", "default", person);
    expect(truth).toMatchObject({ succeeded: false, errnoName: "EPERM" });

    const bad: [string, string][] = [
      ["4194303", "no process"],
      [String(person.tid2), "thread"],
      ["2", "kernel thread"],
      ["0", "process id"],
      [String(field.agentPid), "is the agent"],
    ];
    for (const [pid, word] of bad) {
      const result = await field.sh(`cloudtaser protect ${pid}`, 120);
      expect({ pid, status: result.status, stderr: result.stderr }).toMatchObject({ status: 2 });
      expect(result.stderr).toContain(word);
    }
    const outsider = await field.sh("setpriv --reuid 65534 --regid 65534 --clear-groups cloudtaser status", 120);
    expect(outsider.status).toBeGreaterThan(0);
  }, 600_000);

  test("protect -- COMMAND guards it from its first instruction, in its own process", async () => {
    const command = field.guest.spawn(["cloudtaser", "protect", "--name", "launched", "--", "sleep", "600"]);
    let pid = "";
    for (const deadline = Date.now() + 120_000; pid === "" && Date.now() < deadline; ) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      pid = (await field.sh("pgrep -x sleep | tail -1")).stdout.trim();
    }
    expect(pid).not.toBe("");
    const { stderr } = await field.sh(`head -c1 /proc/${pid}/environ`);
    expect(stderr).toContain("Operation not permitted");
    const status = JSON.parse((await field.sh("cloudtaser status --json", 120)).stdout) as {
      processes: { pid: number; workload: string }[];
    };
    expect(status.processes).toContainEqual(expect.objectContaining({ pid: Number(pid), workload: "launched" }));
    command.kill("SIGKILL");
  }, 300_000);

  test("events, vectors and unprotect speak to people and to programs", async () => {
    // By type: an agent's own CHECKPOINT comes every minute, and may come last.
    const events = await field.sh("cloudtaser events --json --type ENVIRON_READ | tail -1", 120);
    expect(JSON.parse(events.stdout)).toMatchObject({
      schema: "cloudtaser.event/v1",
      type: "ENVIRON_READ",
      outcome: "denied",
    });
    const people = await field.sh("NO_COLOR=1 cloudtaser events --type ENVIRON_READ | tail -1", 120);
    expect(people.stdout).toMatch(/ENVIRON_READ|environ/);
    const vectors = JSON.parse((await field.sh("cloudtaser vectors --json", 120)).stdout) as unknown;
    expect(JSON.stringify(vectors)).toContain('"environ_read"');
    expect((await field.sh("cloudtaser unprotect --workload service", 120)).status).toBe(0);
    expect((await field.sh("cloudtaser unprotect --workload nobody", 120)).status).toBe(2);
    expect(await field.stopAgent()).toBe(0);
    expect(await left()).toBe("");
  }, 600_000);

  // Here because a guest is booted already.
  logTests(() => field);
  onlyInAll(() => {
    fullDiskTests(() => field);
    monitoringTests(() => field);
  });
});
