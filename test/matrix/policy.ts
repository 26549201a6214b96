// SPDX-License-Identifier: Apache-2.0
// Whose rule holds, who is let pass, what registration does to a process, and that no change of policy leaves a moment
// without one.
import { expect, onTestFinished, test } from "vitest";
import { vectorNames, vectorTable } from "../../src/vectors/index.js";
import { elsewhere } from "./everything.js";
import { inAll, isWhole, onlyInAll } from "./extent.js";
import type { Person } from "./field.js";
import { giveSecret } from "./secret.js";
import type { Suite } from "./suite.js";

/** Loops over open() of one file in several processes until a file appears; prints tries and successes. */
const loopedAttack = `
import os, sys, time
path, stop, workers = sys.argv[1], sys.argv[2], 2
os.nice(19) # the agent must get on as well: two emulated processors are all there is
pipes = []
for n in range(workers):
    r, w = os.pipe()
    if os.fork() == 0:
        tries = hits = 0
        while not os.path.exists(stop):
            for i in range(50):
                tries += 1
                try: os.close(os.open(path, os.O_RDONLY)); hits += 1
                except PermissionError: pass
            time.sleep(0.002)
        os.write(w, b"%d %d" % (tries, hits)); os._exit(0)
    pipes.append(r)
print("ready", flush=True)
results = [list(map(int, os.read(r, 100).split())) for r in pipes]
print(sum(t for t, h in results), sum(h for t, h in results))`;

/** @param whole false: only what every door must do by itself */
export function policyTests(suite: Suite, whole: boolean): void {
  const processVectors = vectorNames.filter((vector) => vectorTable[vector].scope !== "node");
  const each = (mode: string) => Object.fromEntries(processVectors.map((vector) => [vector, { mode }]));
  const status = async () =>
    JSON.parse((await suite.field.control("GET", "/v1/status")).stdout) as {
      warnings: string[];
      config: { lastError: string | null };
    };
  const read = (person: Pick<Person, "pid">, reader = "head") =>
    suite.field.sh(`${reader} -c1 /proc/${person.pid}/environ >/dev/null`);
  const until = async (what: string, done: () => Promise<boolean>): Promise<void> => {
    for (const deadline = Date.now() + 60_000; !(await done()); ) {
      if (Date.now() > deadline) throw new Error(`it did not come about: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };

  test("a workload's own rule holds against it, at every door, and no other's does", async () => {
    suite.field.childWorkload = "victim";
    onTestFinished(() => {
      suite.field.childWorkload = undefined;
    });
    await suite.field.reconfigure({
      mode: "detect",
      workloads: [{ name: "victim", vectors: each("enforce"), egress: elsewhere }],
    });
    await giveSecret(suite.field, "victim");
    for (const vector of processVectors) {
      const { truth } = await suite.field.attack(vector, suite.firstRoad(vector), suite.victim);
      expect({ vector, ...truth }, "enforced for this workload alone").toMatchObject({ succeeded: false });
    }
    expect((await read(suite.neighbour)).status, "rules alone protect nobody").toBe(0);
    const other = await suite.field.person();
    await suite.field.protect(other.pid, "other");
    await giveSecret(suite.field, "other");
    expect((await read(other)).status, "another workload under the global rule").toBe(0);
    await suite.field.reconfigure({
      mode: "enforce",
      vectors: each("enforce"),
      workloads: [{ name: "other", vectors: each("detect"), egress: elsewhere }],
    });
    suite.field.childWorkload = "other";
    // Nobody holds descriptors of this one from before.
    for (const vector of processVectors.filter((one) => one !== "procmem_stale_fd")) {
      const { truth } = await suite.field.attack(vector, suite.firstRoad(vector), other);
      expect({ vector, ...truth }, "observed for this workload alone").toMatchObject({ succeeded: true });
    }
    expect((await read(suite.victim)).status).not.toBe(0);
    await suite.field.sh(`kill -9 ${other.pid}`);
  }, 600_000);

  if (!whole) return;

  test("members of a workload inspect each other only if they may; a process always itself", async () => {
    const member = (path: string) => suite.field.sh(`cloudtaser protect --name victim -- head -c1 ${path}`);
    const environ = `/proc/${suite.victim.pid}/environ`;
    await suite.field.reconfigure({ mode: "enforce" });
    expect((await member(environ)).status).toBe(0);
    await suite.field.reconfigure({ mode: "enforce", workloads: [{ name: "victim", membersMayInspect: false }] });
    expect((await member(environ)).stderr).toContain("Operation not permitted");
    expect((await member("/proc/self/environ")).status).toBe(0);
    await suite.field.reconfigure({ mode: "enforce", membersMayInspect: false });
    expect((await member(environ)).stderr).toContain("Operation not permitted");
  }, 300_000);

  test("allow lists: user, control group, executable, and several of them at once", async () => {
    await suite.field.sh("cp /usr/bin/head /tmp/reader; mkdir -p /sys/fs/cgroup/ct-allowed/below");
    const asUser = (uid: number, reader = "/usr/bin/head") =>
      suite.field.sh(
        `python3 -c "import os; os.setresuid(${uid}, 0, 0); os.execv('${reader}', ['x', '-c1', '/proc/${suite.victim.pid}/environ'])"`,
      );
    const inGroup = () =>
      suite.field.sh(
        `echo $$ > /sys/fs/cgroup/ct-allowed/below/cgroup.procs; head -c1 /proc/${suite.victim.pid}/environ`,
      );
    const allow = (...entries: Record<string, unknown>[]) =>
      suite.field.reconfigure({ mode: "enforce", allow: entries });
    await allow();
    for (const attempt of [asUser(1234), inGroup(), read(suite.victim, "/tmp/reader")]) {
      expect((await attempt).status, "before any entry").not.toBe(0);
    }
    await allow({ uid: 1234 });
    expect((await asUser(1234)).status).toBe(0);
    expect((await asUser(1235)).status).not.toBe(0);
    await allow({ cgroup: "/sys/fs/cgroup/ct-allowed" }, { cgroup: "/ct-allowed/below", uid: 77 });
    expect((await inGroup()).status, "a group below the named one").toBe(0);
    expect((await read(suite.victim)).status).not.toBe(0);
    await allow({ exe: "/tmp/reader" });
    expect((await read(suite.victim, "/tmp/reader")).status).toBe(0);
    expect((await read(suite.victim)).status).not.toBe(0);
    await suite.field.reconfigure({
      mode: "enforce",
      vectors: { environ_read: { allow: [{ exe: "/tmp/reader", uid: 1234 }] } },
    });
    expect((await read(suite.victim, "/tmp/reader")).status, "the executable without the user").not.toBe(0);
    expect((await asUser(1234)).status, "the user without the executable").not.toBe(0);
    expect((await asUser(1234, "/tmp/reader")).status, "both").toBe(0);
  }, 300_000);

  inAll(
    "an allowed executable that was changed in place is refused at once, until the next load",
    async () => {
      const config = { mode: "enforce", canary: { interval: 1 }, allow: [{ exe: "/tmp/reader" }] };
      const passes = async () => (await read(suite.victim, "/tmp/reader")).status === 0;
      await suite.field.reconfigure(config);
      expect(await passes()).toBe(true);
      // The digest is computed aside: a first change of properties is forgiven only once it is known.
      await until("other properties, same contents: let pass again", async () => {
        await suite.field.sh("chmod 711 /tmp/reader; chmod 755 /tmp/reader");
        await suite.field.reconfigure(config);
        await until("let pass after a load", passes);
        await suite.field.sh("chmod 711 /tmp/reader");
        return (await status()).warnings.every((warning) => !warning.includes("/tmp/reader")) && (await passes());
      });
      await suite.field.sh("printf x >> /tmp/reader");
      expect(await passes(), "right after the change").toBe(false);
      await until("a warning", async () =>
        (await status()).warnings.some((warning) => warning.includes("/tmp/reader was changed in place")),
      );
      expect(await passes()).toBe(false);
      await suite.field.reconfigure(config);
      expect(await passes()).toBe(true);
      const wrong = { ...config, allow: [{ exe: "/tmp/reader", sha256: "0".repeat(64) }] };
      await expect(suite.field.reconfigure(wrong)).rejects.toThrow("ALLOW_EXE_UNUSABLE");
      const gone = { ...config, allow: [{ exe: "/tmp/nobody" }] };
      await expect(suite.field.reconfigure(gone)).rejects.toThrow("ALLOW_EXE_UNUSABLE");
      expect(await passes(), "the policy before stays in force").toBe(true);
      expect((await status()).config.lastError).toContain("/tmp/nobody");
    },
    300_000,
  );

  onlyInAll(() =>
    test("10,000 entries load; more than fits and unknown vectors are refused, and the old policy stays", async () => {
      const entries = (count: number) => Array.from({ length: count }, (_, n) => ({ uid: 100_000 + n }));
      await suite.field.reconfigure({ mode: "enforce", allow: entries(10_000) });
      const last = `import os; os.setresuid(109999, 0, 0); os.open('/proc/${suite.victim.pid}/environ', os.O_RDONLY)`;
      expect((await suite.field.sh(`python3 -c "${last}"`)).status).toBe(0);
      const refused: [Record<string, unknown>, RegExp][] = [
        [{ mode: "detect", allow: entries(10_241) }, /at most 10240/],
        [{ mode: "detect", vectors: { mind_reading: { mode: "enforce" } } }, /CONFIG_UNKNOWN_KEY/],
        [
          { mode: "detect", workloads: [{ name: "victim", vectors: { module_load: { mode: "off" } } }] },
          /against the node/,
        ],
      ];
      for (const [config, words] of refused) {
        await expect(suite.field.reconfigure(config)).rejects.toThrow(words);
        expect((await read(suite.victim)).status, "still enforced").not.toBe(0);
        expect((await suite.field.sh(`python3 -c "${last}"`)).status, "still allowed").toBe(0);
      }
    }, 400_000),
  );

  test("no change of policy leaves a moment without one", async () => {
    const many = Array.from({ length: 300 }, (_, n) => ({ uid: 200_000 + n }));
    // All of them enforce environ_read against the victim: by the global rule, by the vector's, or by the workload's.
    const policies = [
      { mode: "enforce" },
      { mode: "detect", workloads: [{ name: "victim", mode: "enforce" }] },
      { mode: "detect", vectors: { environ_read: { mode: "enforce" } }, allow: many },
      {
        mode: "enforce",
        vectors: { environ_read: { mode: "off" }, ptrace_attach: { mode: "detect", allow: many } },
        workloads: [{ name: "victim", vectors: { environ_read: { mode: "enforce" } } }],
      },
    ];
    const attack = async (during: () => Promise<void>): Promise<{ tries: number; hits: number }> => {
      await suite.field.sh("rm -f /tmp/enough");
      const argv = ["python3", "-c", loopedAttack, `/proc/${suite.victim.pid}/environ`, "/tmp/enough"];
      const command = suite.field.guest.spawn(argv);
      await command.waitForOutput(/ready/);
      await during();
      await suite.field.sh("touch /tmp/enough");
      await command.done;
      const [tries = 0, hits = 0] = (command.stdout.split("\n")[1] ?? "").split(" ").map(Number);
      return { tries, hits };
    };
    await suite.field.reconfigure(policies[0] ?? {});
    // Each of them once, or three times.
    const changes = policies.length * (isWhole ? 3 : 1);
    const switched = await attack(async () => {
      for (let round = 0; round < changes; round++)
        await suite.field.reconfigure(policies[round % policies.length] ?? {});
    });
    expect(switched.tries).toBeGreaterThan(changes * 80);
    expect(switched.hits).toBe(0);
    // The same loop sees a hole when there is one: the vector is switched off under attack, and on again.
    const open = await attack(async () => {
      await suite.field.reconfigure({ mode: "detect" });
      await suite.field.reconfigure({ mode: "enforce" });
    });
    expect(open.hits).toBeGreaterThan(0);
    await suite.field.forgetEvents();
  }, 600_000);

  test("registration takes core dump and swap from a process, tells what was open, and gives both back", async () => {
    await suite.field.reconfigure({ mode: "enforce" });
    const person = await suite.field.person();
    const { pid } = person;
    const holder = suite.field.guest.spawn(
      `python3 -c "f = open('/proc/${pid}/maps'); print('ready', flush=True); import time; time.sleep(600)"`,
    );
    await holder.waitForOutput(/ready/);
    const prepared = await suite.field.sh(`
      set -e; echo +memory > /sys/fs/cgroup/cgroup.subtree_control; mkdir -p /sys/fs/cgroup/ct-alone
      echo ${pid} > /sys/fs/cgroup/ct-alone/cgroup.procs; echo max > /sys/fs/cgroup/ct-alone/memory.swap.max
      prlimit --pid ${pid} --core=unlimited:unlimited`);
    expect(prepared).toMatchObject({ status: 0 });
    const look = async () =>
      (
        await suite.field.sh(
          `prlimit --pid ${pid} --core --noheadings --raw -o SOFT,HARD; cat /proc/${pid}/coredump_filter /sys/fs/cgroup/ct-alone/memory.swap.max`,
        )
      ).stdout.split("\n");
    expect(await look()).toMatchObject(["unlimited unlimited", "00000033", "max", ""]);
    const answer = await suite.field.control("POST", "/v1/protect", { pid, name: "hardened" });
    const report = JSON.parse(answer.stdout) as { warnings: string[]; processes: { hardening: unknown }[] };
    const done = { outcome: "done", reason: "" };
    const dumpable = { outcome: "refused", reason: expect.stringContaining("only the program itself") };
    expect(report.processes).toMatchObject([
      { hardening: { core_limit: done, coredump_filter: done, swap: done, dumpable } },
    ]);
    expect(report.warnings.join("\n")).toMatch(new RegExp(`has maps of process ${pid} open`));
    expect((await status()).warnings.join("\n")).toContain("hardened: ");
    expect(await look()).toMatchObject(["0 0", "00000000", "0", ""]);
    const { childPid } = await suite.field.tell(person, "fork");
    expect((await suite.field.sh(`prlimit --pid ${childPid} --core --noheadings --raw -o SOFT,HARD`)).stdout).toBe(
      "0 0\n",
    );
    expect((await suite.field.sh(`prlimit --pid ${pid} --core=unlimited`)).status, "by somebody else").not.toBe(0);
    // A container runtime sets the limits of containers from outside, but none that would end in a core.
    await suite.field.sh("cp $(command -v prlimit) /usr/local/bin/crun");
    await suite.field.reconfigure({ mode: "enforce" });
    const byRuntime = async (limit: string) => (await suite.field.sh(`crun --pid ${pid} --${limit}`)).status;
    expect([await byRuntime("nofile=512:512"), await byRuntime("stack=16777216:unlimited")]).toEqual([0, 0]);
    for (const limit of ["core=unlimited", "cpu=1:1", "fsize=1:1", "stack=4096:4096", "as=4096:4096"])
      expect(await byRuntime(limit), limit).not.toBe(0);
    await suite.field.sh("rm /usr/local/bin/crun");
    const events = await suite.field.events((seen) => seen.some(({ target }) => target?.pid === pid));
    expect(events.filter(({ offender }) => offender.pid === suite.field.agentPid)).toEqual([]);
    await suite.field.unprotect("hardened");
    expect(await look()).toMatchObject(["unlimited unlimited", "00000033", "max", ""]);
    holder.kill("SIGKILL");
    await suite.field.sh(`kill -9 ${pid}`);
    const wary = suite.field.guest.spawn(
      `python3 -c "import os, time; os.setuid(65534); print('pid', os.getpid(), flush=True); time.sleep(600)"`,
    );
    await wary.waitForOutput(/pid \d+/);
    const waryPid = /pid (\d+)/.exec(wary.stdout)?.[1];
    const told = await suite.field.control("POST", "/v1/protect", { pid: Number(waryPid), name: "wary" });
    expect(JSON.parse(told.stdout).processes).toMatchObject([{ hardening: { dumpable: { outcome: "not_needed" } } }]);
    await suite.field.sh(`kill -9 ${waryPid}`);
  }, 300_000);
}
