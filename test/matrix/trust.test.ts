// SPDX-License-Identifier: Apache-2.0
// Who comes into a protected control group, by whatever detour, is protected there by the rules of that group at least, and
// has no right to look at anybody who was there before or comes after him.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GuestCommand } from "../lab/command.js";
import { Guest } from "../lab/guest.js";
import { isWhole, onlyInAll } from "./extent.js";
import { Field, type Person, triggerDir } from "./field.js";
import { nextLine } from "./next-line.js";

const root = "/sys/fs/cgroup/ct-trust";
const group = (name: string): string => `${root}/${name}`;
const into = (name: string): string => `echo $$ > ${group(name)}/cgroup.procs`;

const base = { mode: "enforce", canary: { interval: 20 } };

/** Does what it reads, line by line, each in a child. */
const obey = `while read -r line; do sh -c "$line"; done`;

/** A victim that goes into the group before it executes itself, and with that its secret. */
const start = (name: string): string => `sleep 100000 | sh -c '${into(name)}; exec ${triggerDir}/victim' &`;

type Target = Omit<Person, "command">;

describe.each(isWhole ? ["6.12", "5.10"] : ["6.12"])("who trusts whom in control groups, on %s", (kernel) => {
  let field: Field;

  beforeAll(async () => {
    field = new Field(await Guest.boot({ kernel, timeoutSeconds: 300 }));
    await field.sh(`mkdir -p ${["pay", "more", "weak", "other", "third", "calm", "out"].map(group).join(" ")}`);
    await field.startAgent(base);
  }, 600_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  const protect = async (name: string, workload = name): Promise<void> => {
    const { status, stderr } = await field.sh(`cloudtaser protect --cgroup ${group(name)} --name ${workload}`);
    expect({ status, stderr }).toMatchObject({ status: 0 });
  };

  /** In the group, by itself. */
  const personIn = async (name: string): Promise<Person> => {
    const person = await field.person();
    await field.sh(`echo ${person.pid} > ${group(name)}/cgroup.procs`);
    return person;
  };

  /** What becomes of an attack that this shell's child makes; line: what it said before. */
  const attackFrom = async (shell: GuestCommand, target: Target, line: number): Promise<string> => {
    shell.write(`${field.attackCommand("procmem_read", "default", target).join(" ")}\n`);
    const truth = JSON.parse(await nextLine(shell, line)) as { succeeded: boolean; errnoName: string };
    return truth.succeeded ? "open" : truth.errnoName;
  };

  const attack = async (target: Target): Promise<string> => {
    const { truth } = await field.attack("procmem_read", "default", { ...target });
    return truth?.succeeded ? "open" : (truth?.errnoName ?? "nothing was tried");
  };

  test("who was led through the group hands no trust to what he starts afterwards", async () => {
    await protect("pay");
    const boss = field.guest.spawn(`${into("pay")}; ${into("out")}; ${start("pay")} ${obey}`);
    const victim = JSON.parse(await nextLine(boss, 0)) as Target;
    expect(await attackFrom(boss, victim, 1), "by another child of who was led through").toBe("EPERM");
    expect(await attack(victim), "by anybody").toBe("EPERM");
  }, 300_000);

  test("nor does who stays in it, to what is put into places below", async () => {
    await field.sh(`mkdir -p ${group("pay/a")}`);
    const boss = field.guest.spawn(`${into("pay")}; ${start("pay/a")} ${obey}`);
    const victim = JSON.parse(await nextLine(boss, 0)) as Target;
    expect(await attackFrom(boss, victim, 1)).toBe("EPERM");
  }, 300_000);

  test("process 1 of the node is taken in by no group", async () => {
    const script = `before=$(cut -d: -f3 /proc/1/cgroup); echo 1 > ${group("pay")}/cgroup.procs
      cat /proc/1/cgroup; echo 1 > /sys/fs/cgroup$before/cgroup.procs; cat /proc/1/cgroup`;
    const { stdout } = await field.sh(script);
    expect(stdout.split("\n")[0]).toContain("/ct-trust/pay");
    expect(stdout.split("\n")[1]).not.toContain("/ct-trust");
    const { processes } = JSON.parse((await field.control("GET", "/v1/status")).stdout) as {
      processes: { pid: number }[];
    };
    expect(processes.length).toBeGreaterThan(1);
    expect(processes.map(({ pid }) => pid)).not.toContain(1);
    const stranger = await field.person();
    expect(await attack(stranger), "what is started afterwards").toBe("open");
  }, 300_000);

  test("a child that was left outside comes in as its parent did, whenever it is found", async () => {
    const before = await personIn("more");
    await protect("more", "pay");
    expect(await attack(before)).toBe("EPERM");
    const parent = field.guest.spawn(`exec 3<&0; (while read -r line <&3; do sh -c "$line"; done) & ${into("more")}
      echo ready; wait`);
    expect(await nextLine(parent, 0)).toBe("ready");
    const workloads = [{ name: "pay", cgroup: group("more") }];
    await field.reconfigure({ ...base, workloads });
    expect(await attackFrom(parent, before, 1), "after a reload").toBe("EPERM");
    // Something new is named: the children of all that workload are looked for.
    await protect("other", "pay");
    expect(await attackFrom(parent, before, 2), "after the children were looked for").toBe("EPERM");
    await field.unprotect("pay");
    await protect("pay");
  }, 300_000);

  test("who waits in a group when the configuration brings its protection is trusted by nobody there", async () => {
    const victim = await personIn("third");
    const waiting = field.guest.spawn(`${into("third")}; echo ready; ${obey}`);
    expect(await nextLine(waiting, 0)).toBe("ready");
    expect(await attackFrom(waiting, victim, 1), "before").toBe("open");
    await field.reconfigure({ ...base, workloads: [{ name: "third", cgroup: group("third") }] });
    expect(await attack(victim), "it is protected").toBe("EPERM");
    expect(await attackFrom(waiting, victim, 2)).toBe("EPERM");
  }, 300_000);

  test("namespaces of a new container are closed as soon as its program begins", async () => {
    const open = await field.sh(
      `sh -c '${into("out")}; exec unshare -u sleep 100000' & p=$!
      until [ "$(cat /proc/$p/comm)" = sleep ]; do :; done; nsenter -u/proc/$p/ns/uts true && echo entered`,
    );
    expect(open.stdout, "elsewhere they can be entered").toContain("entered");
    const { stdout, stderr } = await field.sh(
      `sh -c '${into("pay")}; exec unshare -u sleep 100000' & p=$!
      until [ "$(cat /proc/$p/comm)" = sleep ]; do :; done; nsenter -u/proc/$p/ns/uts true && echo entered`,
    );
    expect(stderr).toContain("Operation not permitted");
    expect(stdout).not.toContain("entered");
  }, 300_000);

  test("a program that handles SIGQUIT is told to stop by it, and no other is made to dump core", async () => {
    const handler = `trap 'echo told; exit 0' QUIT; echo $$; while :; do sleep 0.2; done`;
    const stops = field.guest.spawn(["env", "--default-signal=QUIT", "sh", "-c", `${into("pay")}; ${handler}`]);
    const pid = await nextLine(stops, 0);
    const abort = await field.sh(`kill -ABRT ${pid}`);
    expect(abort.stderr).toContain("not permitted");
    expect(await field.sh(`kill -QUIT ${pid}`)).toMatchObject({ status: 0 });
    expect(await nextLine(stops, 1)).toBe("told");
    const plain = field.guest.spawn([
      "env",
      "--default-signal=QUIT",
      "sh",
      "-c",
      `${into("pay")}; echo $$; exec sleep 100000`,
    ]);
    const quit = await field.sh(`kill -QUIT ${await nextLine(plain, 0)}`);
    expect(quit.stderr).toContain("not permitted");
  }, 300_000);

  test("a mount over a group's directory ends nothing, and brings no trust when it goes", async () => {
    await field.sh(`mkdir -p ${group("veil")} /run/groups && mount -t cgroup2 none /run/groups`);
    const before = await personIn("veil");
    await protect("veil");
    const place = async (): Promise<string | null | undefined> => {
      const { stdout } = await field.control("GET", "/v1/status");
      const { cgroups } = JSON.parse(stdout) as { cgroups: { path: string | null; workload: string }[] };
      return cgroups.find(({ workload }) => workload === "veil")?.path;
    };
    expect(await place()).toBe("/ct-trust/veil");
    await field.sh(`mount -t tmpfs none ${group("veil")}`);
    await expect.poll(place, { timeout: 60_000, interval: 500, message: "protected, and not seen" }).toBe(null);
    const meanwhile = await field.person();
    await field.sh(`echo ${meanwhile.pid} > /run/groups/ct-trust/veil/cgroup.procs`);
    expect(await attack(meanwhile), "who came by another mount").toBe("EPERM");
    const waiting = field.guest.spawn(
      `echo $$ > /run/groups/ct-trust/veil/cgroup.procs; umount ${group("veil")}; echo ready; ${obey}`,
    );
    expect(await nextLine(waiting, 0)).toBe("ready");
    await expect.poll(place, { timeout: 60_000, interval: 500 }).toBe("/ct-trust/veil");
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    expect(await attackFrom(waiting, before, 1)).toBe("EPERM");
    expect(await attackFrom(waiting, meanwhile, 2)).toBe("EPERM");
    // And what is gone is forgotten.
    await field.sh(`kill -9 ${before.pid} ${meanwhile.pid} $(cat ${group("veil")}/cgroup.procs)
      umount /run/groups; until rmdir ${group("veil")}; do sleep 0.1; done 2>/dev/null`);
    await expect.poll(place, { timeout: 60_000, interval: 500 }).toBe(undefined);
  }, 300_000);

  test("whom a person finds there when he names it may look at each other", async () => {
    await field.sh(`mkdir -p ${group("circle")}`);
    const one = await personIn("circle");
    const other = field.guest.spawn(`${into("circle")}; echo ready; ${obey}`);
    expect(await nextLine(other, 0)).toBe("ready");
    await protect("circle");
    expect(await attack(one)).toBe("EPERM");
    expect(await attackFrom(other, one, 1)).toBe("open");
    // Once more: whoever has come since does not get into the circle by that.
    const late = field.guest.spawn(`${into("circle")}; echo ready; ${obey}`);
    expect(await nextLine(late, 0)).toBe("ready");
    await protect("circle");
    expect(await attackFrom(late, one, 1)).toBe("EPERM");
  }, 300_000);

  onlyInAll(() =>
    test("a workload that forks without end takes nobody else's places", async () => {
      await field.sh(`echo 100000 > /proc/sys/kernel/pid_max; echo 100000 > /proc/sys/kernel/threads-max
      mkdir -p ${group("bomb")}`);
      await protect("bomb");
      await protect("calm");
      const parent = await personIn("calm");
      const { pid, address, fd } = await field.person();
      const torture = `exec ${triggerDir}/torture 1 ${pid} ${address} ${fd}`;
      const bomb = field.guest.spawn(`${into("bomb")}; ${torture}`);
      await nextLine(bomb, 0, 120_000);
      bomb.write("gather 33000 0\n");
      const { made, errno, last } = JSON.parse(await nextLine(bomb, 1, 400_000)) as Record<string, number>;
      expect(errno, "EAGAIN").toBe(11);
      expect(made, "half of the table").toBeGreaterThan(16_000);
      expect(made).toBeLessThan(16_384);
      const child = await attack({ ...parent, pid: last ?? 0 });
      expect(child, "its last child, by a stranger").toBe("EPERM");
      const { childPid } = await field.tell(parent, "fork");
      expect(await attack({ ...parent, pid: childPid }), "a child that another workload makes now").toBe("EPERM");
      const late = await personIn("calm");
      expect(await attack(late), "who comes in now").toBe("EPERM");
      const seen = async () => (await field.notices()).filter(({ type }) => type === "WORKLOAD_FULL");
      await expect.poll(seen, { timeout: 240_000, interval: 1_000 }).toMatchObject([{ detail: { workload: "bomb" } }]);
      // A thread that executes has an entry of its own before anybody knows whether that succeeds.
      const byThread = (name: string) =>
        field.sh(`${into(name)}; exec python3 -c "
import os, threading
def run():
    try: os.execv('/bin/echo', ['echo', 'went'])
    except OSError as error: print(error.errno)
thread = threading.Thread(target=run)
thread.start()
thread.join()"`);
      expect((await byThread("bomb")).stdout.trim(), "an exec of a second thread").toBe("11");
      expect((await byThread("calm")).stdout.trim(), "that of another workload").toBe("went");
      bomb.write("release\n");
      await nextLine(bomb, 2, 400_000);
      bomb.write("gather 50 0\n");
      expect(JSON.parse(await nextLine(bomb, 3, 120_000)), "once they are gone").toMatchObject({ made: 50, errno: 0 });
      bomb.kill("SIGKILL");
    }, 900_000),
  );

  test("who belongs to two workloads is judged by the stricter rule, and to three by the strictest there is", async () => {
    const mild = { vectors: { procmem_read: { mode: "off" }, environ_read: { mode: "detect" } } };
    const workloads = [
      { name: "weak", ...mild },
      { name: "weaker", ...mild },
    ];
    await field.reconfigure({ ...base, workloads });
    await field.sh(`mkdir -p ${group("weaker")}`);
    await protect("weak");
    await protect("weaker");
    const weak = await personIn("weak");
    expect(await attack(weak), "in the weak one alone").toBe("open");
    const strict = await personIn("pay");
    await field.sh(`echo ${strict.pid} > ${group("weak")}/cgroup.procs`);
    expect(await attack(strict), "a strict one that was put into the weak group").toBe("EPERM");
    const boss = field.guest.spawn(`${into("weak")}; ${into("out")}; ${start("pay")} ${obey}`);
    const victim = JSON.parse(await nextLine(boss, 0)) as Target;
    expect(await attack(victim), "started by who was led through the weak group").toBe("EPERM");
    const twice = field.guest.spawn(`${into("weak")}; ${into("weaker")}; ${into("out")}; ${start("pay")} ${obey}`);
    const other = JSON.parse(await nextLine(twice, 0)) as Target;
    expect(await attack(other), "through two").toBe("EPERM");
    // The weak one ends, and what belongs to the strict one too stays protected.
    await field.unprotect("weak");
    expect(await attack(weak)).toBe("open");
    expect(await attack(victim)).toBe("EPERM");
    expect(await attack(strict)).toBe("EPERM");
    await field.unprotect("pay");
    expect(await attack(victim)).toBe("open");
  }, 300_000);
});
