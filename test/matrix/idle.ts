// SPDX-License-Identifier: Apache-2.0
// On a node that protects nothing the doors that every program passes are off, and the agent is guarded all the same; the
// first protection attaches them before it is acknowledged, and nothing is left behind by a crash in either state.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doorNames, sleeps } from "../../src/kernel/doors.js";
import { Guest } from "../lab/guest.js";
import { inAll, isWhole } from "./extent.js";
import { failedStartTests } from "./failed-start.js";
import { Field, type Person, triggerDir } from "./field.js";
import type { Suite } from "./suite.js";

interface Status {
  ready: boolean;
  idle: boolean;
  notReady: string[];
  doors: { door: string; attached: boolean; idle: boolean; proved: boolean }[];
}

const patienceMs = 90_000;

/** Opens the memory of the next agent as soon as it runs, and reads from it when told to. */
const earlyReader = `
import errno, glob, os, sys
print("waiting", flush=True)
fd = None
while fd is None:
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            if b"\\0agent\\0--config" not in open(path.replace("comm", "cmdline"), "rb").read(): continue
            pid = path.split("/")[2]
            start = int(open(f"/proc/{pid}/maps").read().split("-")[0], 16)
            fd = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
        except OSError: pass
print("opened", flush=True)
sys.stdin.readline()
try: print(len(os.pread(fd, 16, start)))
except OSError as error: print(errno.errorcode[error.errno])`;

export function idleTests(kernel: string): void {
  const suite = {} as Pick<Suite, "field" | "victim" | "neighbour">;

  beforeAll(async () => {
    suite.field = new Field(await Guest.boot({ kernel, memory: "1536M" }));
    await suite.field.findModules();
    suite.victim = await suite.field.person();
    suite.neighbour = await suite.field.person();
  }, 600_000);

  afterAll(async () => {
    await suite.field?.guest.close();
  });

  const status = async (): Promise<Status> =>
    JSON.parse((await suite.field.control("GET", "/v1/status")).stdout) as Status;

  const until = async (idle: boolean): Promise<Status> => {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const now = await status();
      if (now.idle === idle || Date.now() > deadline) return now;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };

  const refused = async (pid: number): Promise<boolean> => {
    const { truth } = await suite.field.attack("environ_read", "default", { ...suite.victim, pid });
    if (truth?.succeeded) return false;
    expect(truth).toMatchObject({ errnoName: "EPERM" });
    return true;
  };

  const end = async (...people: Person[]): Promise<void> => {
    await suite.field.sh(`kill -9 ${people.map(({ pid }) => pid).join(" ")}`);
  };

  /** Hooks that the kernel calls anything at (no program of ours can be listed), and what is pinned. */
  const left = async (): Promise<string> => {
    const { stdout } = await suite.field.sh(
      "grep -oE '^(bpf_lsm|security)_[a-z_]+' /sys/kernel/tracing/enabled_functions; ls /sys/fs/bpf/cloudtaser 2>/dev/null",
    );
    return stdout.trim();
  };

  /** The kernel frees some time after the last reference is gone. */
  const leftInTheEnd = async (): Promise<string> => {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const now = await left();
      if (now === "" || Date.now() > deadline) return now;
    }
  };

  describe(`idle on ${kernel}`, () => {
    test("no door on everybody's path is attached and nothing pinned, and the agent is ready", async () => {
      await suite.field.startAgent({ mode: "enforce" });
      expect(await left(), "the doors stand for their proof at start").toMatch(/^(bpf_lsm|security)_file_open$/m);
      const now = await until(true);
      expect(now).toMatchObject({ idle: true, ready: true, notReady: [] });
      // One that this kernel lacks and does not need is not among its doors.
      const here = new Set(now.doors.map(({ door }) => door));
      const asleepHere = doorNames.filter((door) => sleeps(door) && here.has(door));
      expect(asleepHere.length).toBeGreaterThan(10);
      expect(now.doors.filter(({ idle }) => idle).map(({ door }) => door)).toEqual(asleepHere);
      expect(now.doors.filter(({ attached, idle, proved }) => attached === idle || !proved)).toEqual([]);
      const asleep = new RegExp(`_(${doorNames.filter(sleeps).join("|")})$|^doors-`, "m");
      await expect.poll(left, { timeout: patienceMs, interval: 200 }).not.toMatch(asleep);
      expect(await left(), "those of the agent's own stand").toMatch(/^(bpf_lsm|security)_ptrace_access_check$/m);
      const { stdout } = await suite.field.sh(
        "python3 -c 'import urllib.request; print(urllib.request.urlopen(\"http://127.0.0.1:9090/readyz\").status)'",
      );
      expect(stdout.trim()).toBe("200");
      expect(await refused(suite.victim.pid), "nobody is protected").toBe(false);
    }, 300_000);

    test("the agent and its maps are guarded while nothing is protected", async () => {
      for (const vector of ["agent_access", "bpf_tamper"]) {
        const [road = ""] = await suite.field.roads(vector);
        const { truth } = await suite.field.attack(vector, road, suite.victim);
        expect({ ...truth }, `${vector}/${road}`).toMatchObject({ succeeded: false });
      }
      const mem = await suite.field.sh(`python3 -c 'open("/proc/${suite.field.agentPid}/mem", "r+b")'`);
      expect(mem.stderr).toMatch(/Operation not permitted|Permission denied/);
      expect((await status()).idle).toBe(true);
    }, 300_000);

    inAll(
      "two protections at once: both stand when they are acknowledged, and pins with them",
      async () => {
        await Promise.all([
          suite.field.protect(suite.victim.pid, "victim"),
          suite.field.protect(suite.neighbour.pid, "other"),
        ]);
        expect(await refused(suite.victim.pid)).toBe(true);
        expect(await refused(suite.neighbour.pid)).toBe(true);
        expect(await left()).toContain("doors-");
        await suite.field.unprotect("other");
        expect(await refused(suite.neighbour.pid), "the neighbour cannot be reached").toBe(false);
        expect(await refused(suite.victim.pid)).toBe(true);
        await suite.field.unprotect("victim");
        expect(await until(true)).toMatchObject({ idle: true, ready: true });
      },
      300_000,
    );

    inAll(
      "protect -- COMMAND on an idle node",
      async () => {
        const command = suite.field.guest.spawn(
          "exec cloudtaser protect --name launched -- /opt/cloudtaser/triggers/victim",
        );
        await command.waitForOutput(/"pid"/);
        const { pid } = JSON.parse(command.stdout) as { pid: number };
        expect(await refused(pid)).toBe(true);
        await suite.field.sh(`kill -9 ${pid}`);
      },
      300_000,
    );

    test("a protection that comes when the last process has ended and the doors are about to go", async () => {
      // Around the moment at which they go, from before to after.
      for (const wait of isWhole ? [4, 5, 5.5, 6] : [5, 5.5]) {
        const first = await suite.field.person();
        const second = await suite.field.person();
        await suite.field.protect(first.pid, "first");
        await end(first);
        await suite.field.sh(`sleep ${wait}`);
        await suite.field.protect(second.pid, "second");
        expect(await refused(second.pid), `after ${wait} s`).toBe(true);
        await end(second);
      }
    }, 400_000);

    inAll(
      "a protection is refused while a door cannot be proved, and nobody is half protected",
      async () => {
        await until(true);
        const canary = "/opt/cloudtaser/build/cloudtaser-canary";
        await suite.field.sh(`mount --bind /bin/true ${canary}`);
        const answer = await suite.field.control("POST", "/v1/protect", { pid: suite.victim.pid, name: "victim" });
        expect(answer.status).not.toBe(0);
        expect(answer.stdout).toContain("NOT_GUARDED");
        expect(await refused(suite.victim.pid)).toBe(false);
        expect((await status()).ready, "the node cannot protect, and says so").toBe(false);
        await suite.field.sh(`umount ${canary}`);
        await suite.field.protect(suite.victim.pid, "victim");
        expect(await refused(suite.victim.pid)).toBe(true);
        expect((await status()).ready).toBe(true);
        await suite.field.unprotect("victim");
        await until(true);
      },
      300_000,
    );

    inAll(
      "nodeGuards: always wakes them by reload, and keeps them",
      async () => {
        const load = async (): Promise<boolean | undefined> =>
          (await suite.field.attack("bpf_load", "kprobe", suite.victim)).truth?.succeeded;
        expect(await load(), "refused though nothing is protected").toBe(true);
        await suite.field.reconfigure({ mode: "enforce", nodeGuards: "always" });
        expect((await status()).idle).toBe(false);
        expect(await load()).toBe(false);
        await suite.field.sh("sleep 8");
        expect((await status()).idle).toBe(false);
        await suite.field.reconfigure({ mode: "enforce", canary: { interval: 5 } });
        expect((await until(true)).idle).toBe(true);
      },
      300_000,
    );

    inAll(
      "a control group that is protected keeps the doors awake while it is empty, and who comes is refused",
      async () => {
        const group = "/sys/fs/cgroup/idle-test";
        await suite.field.sh(`mkdir ${group}`);
        const join = async (): Promise<Person> => {
          const person = await suite.field.person();
          await suite.field.sh(`echo ${person.pid} > ${group}/cgroup.procs`);
          return person;
        };
        const before = await join();
        const { status: code } = await suite.field.control("POST", "/v1/protect", { cgroup: group, name: "grouped" });
        expect(code).toBe(0);
        expect(await refused(before.pid)).toBe(true);
        await end(before);
        // Longer than it takes the doors to go when nothing is protected.
        await suite.field.sh("sleep 8");
        expect(await status()).toMatchObject({ idle: false, ready: true });
        const after = await join();
        expect(await refused(after.pid), "at once").toBe(true);
        await end(after);
        await suite.field.unprotect("grouped");
        expect((await until(true)).idle).toBe(true);
      },
      300_000,
    );

    test("a crash while idle leaves nothing, and the next agent begins anew", async () => {
      expect((await until(true)).idle).toBe(true);
      await suite.field.sh(`kill -9 ${suite.field.agentPid}`);
      await suite.field.agent?.done;
      expect(await leftInTheEnd()).toBe("");
      // Asked for as early as the agent answers: acknowledged is what holds, policy included.
      const body = JSON.stringify({ pid: suite.victim.pid, name: "victim" });
      const early = suite.field.guest.spawn(
        `${triggerDir}/ask --for 240 POST /v1/protect '${body}' >/dev/null && ! head -c1 /proc/${suite.victim.pid}/environ`,
      );
      await suite.field.startAgent({ mode: "enforce" });
      expect(await early.done).toMatchObject({ status: 0, stdout: "" });
      expect(await refused(suite.victim.pid)).toBe(true);
      expect(await suite.field.stopAgent()).toBe(0);
      expect(await leftInTheEnd()).toBe("");
    }, 300_000);

    failedStartTests(suite, { refused, leftInTheEnd });

    inAll(
      "who opened the agent's memory before its guards stood keeps the doors awake, and cannot use it",
      async () => {
        const holder = suite.field.guest.spawn(["python3", "-c", earlyReader]);
        await holder.waitForOutput(/waiting/);
        await suite.field.startAgent({ mode: "enforce" });
        expect(await holder.waitForOutput(/opened/)).toBe(true);
        await suite.field.sh("sleep 12");
        expect((await status()).idle, "asleep although somebody has the agent's memory open").toBe(false);
        expect(suite.field.agent?.stderr).toMatch(/process \d+ has the agent's memory open/);
        holder.write("\n");
        expect((await holder.done).stdout).toContain("EPERM");
      },
      300_000,
    );
  });
}
