// SPDX-License-Identifier: Apache-2.0
// Protection follows fork, clone, vfork and exec, covers shared memory, ends at exit, outlives the agent.
import { expect, test } from "vitest";
import { treeRoot } from "../lab/host.js";
import type { CgroupChecks } from "./cgroups.js";
import { errnoOf } from "./exceptions.js";
import type { SeenEvent } from "./field.js";
import { nextLine } from "./next-line.js";
import type { Suite } from "./suite.js";

const EPERM = 1;

const refusedIn =
  (suite: Suite) =>
  async (pid: number): Promise<boolean> => {
    const { truth } = await suite.field.attack("environ_read", "default", { ...suite.victim, pid });
    return truth?.succeeded === false && truth.errnoName === "EPERM";
  };

/** What guards the guards, by the roads with which somebody would begin: also while no agent runs. */
const aimedAtGuards: Readonly<Record<string, readonly string[]>> = {
  pin_remove: ["unlink", "rename", "unmount_lazily", "cover"],
  bpf_tamper: ["pinned_map", "pinned_link"],
};

/** Roads that somebody is not refused on, of the guards themselves and of the kernel below. */
async function openRoads({ field, victim, firstRoad }: Suite): Promise<string[]> {
  const open: string[] = [];
  for (const vector of ["pin_remove", "bpf_tamper", "hooks_off", "module_load", "bpf_load", "kexec", "dev_mem"]) {
    for (const road of aimedAtGuards[vector] ?? [firstRoad(vector)]) {
      const { truth } = await field.attack(vector, road, victim);
      if (truth?.succeeded === false && truth.errnoName === errnoOf(vector, road)) continue;
      open.push(`${vector}/${road}: ${JSON.stringify(truth)}`);
    }
  }
  return open;
}

/** One that tries again and again, until it is ended. */
function persistentAttacker({ field, victim }: Suite) {
  const command = field.guest.spawn([
    "python3",
    "-c",
    `import os, time
print(os.getpid(), flush=True)
while True:
    try: open('/proc/${victim.pid}/environ')
    except PermissionError: time.sleep(0.2)`,
  ]);
  const pid = nextLine(command, 0, 60_000).then(Number);
  return {
    /** Events of it, once they are more than so many. */
    told: async (than: number): Promise<SeenEvent[]> => {
      const own = await pid;
      const of = (events: SeenEvent[]): SeenEvent[] => events.filter(({ offender }) => offender.pid === own);
      return of(await field.events((seen) => of(seen).length > than));
    },
    end: async (): Promise<void> => {
      command.kill("SIGKILL");
      await command.done;
    },
  };
}

export function lifeTests(suite: Suite, cgroups: CgroupChecks): void {
  const refused = refusedIn(suite);

  test("children, grandchildren and CLONE_VM siblings are protected", async () => {
    for (const verb of ["fork", "grandchild", "clonevm"]) {
      const { childPid } = await suite.field.tell(suite.victim, verb);
      expect(childPid, verb).toBeGreaterThan(0);
      expect(await refused(childPid), `${verb}: ${childPid} is open`).toBe(true);
      const direct = await suite.field.attack("process_vm_read", "default", { ...suite.victim, pid: childPid });
      expect(direct.truth, verb).toMatchObject({ succeeded: false, errnoName: "EPERM" });
    }
  }, 300_000);

  test("exec, also by a thread that is not the leader, keeps protection", async () => {
    for (const verb of ["exec", "exec_thread"]) {
      const said = await suite.field.tell(suite.victim, verb);
      suite.victim = { ...said, command: suite.victim.command };
      expect(await refused(suite.victim.pid), verb).toBe(true);
    }
  }, 300_000);

  test("memory shared before protection began is protected too", async () => {
    const person = await suite.field.person();
    const { childPid } = await suite.field.tell(person, "clonevm");
    await suite.field.protect(childPid, "sharer");
    expect(await refused(childPid)).toBe(true);
    expect(await refused(person.pid), "the process that shares the memory is open").toBe(true);
    await suite.field.sh(`kill -9 ${childPid} ${person.pid}`);
  }, 300_000);

  test("a reused pid is somebody else", async () => {
    // A process of its own, because its parent reaps it; a child of the victim would stay as a zombie.
    const { pid } = await suite.field.person();
    await suite.field.protect(pid, "short-lived");
    expect(await refused(pid)).toBe(true);
    // The next process gets the number of the one that just ended; several tries, since others fork as well.
    const script = `
      kill -9 ${pid}; for i in $(seq 600); do [ -e /proc/${pid} ] || break; sleep 0.1; done
      for i in $(seq 200); do
        echo $((${pid} - 1)) > /proc/sys/kernel/ns_last_pid; sleep 300 & p=$!
        [ $p = ${pid} ] && { sleep 0.5; tr '\\0' ' ' < /proc/$p/environ | head -c 5; kill $p; exit 0; }
        kill $p
      done; echo "the pid did not come back"; exit 1`;
    const { status, stdout, stderr } = await suite.field.sh(script);
    expect({ status, stdout, stderr }).toMatchObject({ status: 0 });
    expect(stdout.length).toBeGreaterThan(0);
  }, 300_000);

  test("code in process 1 is not code in the agent", async () => {
    const program = "/run/in-process-1.py";
    await suite.field.guest.copy(`${treeRoot()}/test/matrix/guest/in-process-1.py`, program);
    const opens = async (path: string): Promise<number> => {
      const { stdout, stderr } = await suite.field.sh(`timeout 60 python3 ${program} ${path}`);
      expect(stdout, stderr).toMatch(/^-?\d+\n$/);
      return Number(stdout);
    };
    const neighbour = await suite.field.person();
    expect(await opens(`/proc/${neighbour.pid}/environ`)).toBeGreaterThan(2);
    expect(await opens(`/proc/${suite.field.agentPid}/environ`)).toBe(-EPERM);
    expect(await opens(`/proc/${suite.field.agentPid}/mem`)).toBe(-EPERM);
    await suite.field.sh(`kill -9 ${neighbour.pid}`);
  }, 300_000);

  /** What was registered for the victim does not leave it. */
  async function keepsSecret(when: string): Promise<void> {
    const road = suite.firstRoad("leak_write");
    const { truth } = await suite.field.attack("leak_write", road, suite.victim);
    expect({ road, ...truth }, when).toMatchObject({
      succeeded: false,
      errnoName: errnoOf("leak_write", road),
      got: "",
    });
  }

  test("the guards outlive the agent, and the next one takes them over", async () => {
    const persistent = persistentAttacker(suite);
    const before = await persistent.told(0);
    await suite.field.signalAgent("KILL");
    await suite.field.agent?.done;
    expect(await refused(suite.victim.pid), "open after kill -9 of the agent").toBe(true);
    const { childPid } = await suite.field.tell(suite.victim, "fork");
    expect(await refused(childPid), "a child born without an agent is open").toBe(true);
    await keepsSecret("without an agent");
    expect(await openRoads(suite), "without an agent").toEqual([]);
    await cgroups.withoutAgent();
    await suite.field.startAgent({ mode: "enforce" });
    const status = JSON.parse((await suite.field.control("GET", "/v1/status")).stdout) as {
      tookOver: boolean;
      workloads: { name: string }[];
    };
    expect(status.tookOver).toBe(true);
    // Its own log: the doors are those of before, and were not loaded once more.
    expect(suite.field.agent?.stderr).toContain(`"kept":true`);
    expect(status.workloads.map(({ name }) => name)).toContain("victim");
    expect(await refused(suite.victim.pid)).toBe(true);
    await keepsSecret("under the next agent");
    const after = await persistent.told(before.length);
    await persistent.end();
    // It never paused: the kernel has told the agent before who it is, and tells the next one again.
    expect(after.length).toBeGreaterThan(before.length);
    expect(new Set(after.map(({ offender }) => offender.comm))).toEqual(new Set(["python3"]));
    await cgroups.underNext();
  }, 400_000);
}

/** Starts of the agent over what stands of another, with something missing. */
export function badStartTests(suite: Suite): void {
  const refused = refusedIn(suite);

  test("a lost list of names lets no stranger join a workload", async () => {
    await suite.field.signalAgent("KILL");
    await suite.field.agent?.done;
    await suite.field.sh("rm /run/cloudtaser/workloads.json");
    await suite.field.startAgent({ mode: "enforce" });
    const stranger = await suite.field.sh(
      `cloudtaser protect --name stranger -- head -c1 /proc/${suite.victim.pid}/environ`,
    );
    expect(stranger.stderr).toContain("Operation not permitted");
    const status = JSON.parse((await suite.field.control("GET", "/v1/status")).stdout) as {
      processes: { pid: number; workload: string }[];
    };
    const lost = status.processes.find(({ pid }) => pid === suite.victim.pid)?.workload ?? "";
    expect(lost).toMatch(/^group-\d+$/);
    await suite.field.unprotect(lost);
    await suite.field.protect(suite.victim.pid, "victim");
    expect(await refused(suite.victim.pid)).toBe(true);
  }, 400_000);

  test("a take-over whose proof fails keeps what stands", async () => {
    await suite.field.signalAgent("KILL");
    await suite.field.agent?.done;
    const canary = "/opt/cloudtaser/build/cloudtaser-canary";
    await suite.field.sh(`mount --bind /bin/true ${canary}`);
    await expect(suite.field.startAgent({ mode: "enforce" })).rejects.toThrow("does not get ready");
    expect(await refused(suite.victim.pid), "open although doors stood").toBe(true);
    suite.field.agent?.kill("SIGKILL");
    await suite.field.agent?.done;
    await suite.field.sh(`umount ${canary}`);
    await suite.field.startAgent({ mode: "enforce" });
    expect(await refused(suite.victim.pid)).toBe(true);
  }, 400_000);
}
