// SPDX-License-Identifier: Apache-2.0
// The table of who is protected, full to its last place, beside one process of 70,000 threads, which take none. Who
// is in it stays refused to attackers, whoever finds no room is refused or told, and nobody has an unprotected child.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scopeLimit } from "../../src/kernel/paths.js";
import type { GuestCommand } from "../lab/command.js";
import { Guest } from "../lab/guest.js";
import { Field, type Person, triggerDir } from "./field.js";
import { nextLine } from "./next-line.js";

const places = scopeLimit;
const beyond = 300;
const threads = 70_000;
const EAGAIN = 11;

const group = "/sys/fs/cgroup/ct-crowd";
const full = new RegExp(`table of protected processes is full \\(${places} entries\\)`);

/** One road or another to each that stdin names; prints how it ended. */
const lookAtEach = `
import json, os, sys
refused = opened = other = 0
for n, where in enumerate(sys.stdin.read().split()):
    try: os.close(os.open(where + ("/environ", "/mem", "/maps")[n % 3], os.O_RDONLY)); opened += 1
    except PermissionError: refused += 1
    except OSError: other += 1
print(json.dumps({"refused": refused, "opened": opened, "other": other}))
`;

interface Looks {
  refused: number;
  opened: number;
  other: number;
}

interface Status {
  processes: { pid: number; workload: string }[];
  losses: Record<string, string>;
  warnings: string[];
}

describe("a full table of protected processes, on 6.12", () => {
  let field: Field;
  let victim: Person;
  /** Has many threads. */
  let wide: GuestCommand;
  let widePid = 0;
  let crowd: GuestCommand;
  /** Came into the control group when there was no room. */
  let late: Person;

  beforeAll(async () => {
    field = new Field(await Guest.boot({ kernel: "6.12", memory: "8G", timeoutSeconds: 300 }));
    await works(
      `mkdir -p ${group}; echo 200000 > /proc/sys/kernel/pid_max; echo 200000 > /proc/sys/kernel/threads-max`,
    );
    victim = await field.person();
    await field.startAgent({ mode: "enforce" });
    await field.protect(victim.pid, "victim");
  }, 900_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  async function works(command: string, seconds = 120): Promise<string> {
    const { status, stdout, stderr } = await field.sh(command, seconds);
    expect({ command, status, stderr }).toMatchObject({ status: 0 });
    return stdout.trim();
  }

  const status = async (): Promise<Status> =>
    JSON.parse((await field.control("GET", "/v1/status", undefined, 400)).stdout) as Status;

  /** @param list a command that prints directories of procfs */
  const looksAt = async (list: string): Promise<Looks> =>
    JSON.parse(await works(`${list} | python3 -c '${lookAtEach}'`, 900)) as Looks;

  async function attackOn(person: Pick<Person, "pid">): Promise<string> {
    const { truth } = await field.attack("environ_read", "default", { ...victim, ...person });
    return truth?.succeeded ? "open" : (truth?.errnoName ?? "nothing was tried");
  }

  /** What becomes of the exec of one who enters the group by himself. */
  async function newcomersExec(): Promise<string> {
    const into = `echo $$ > ${group}/cgroup.procs; exec python3 -c 'print("went")'`;
    const { stdout, stderr } = await field.sh(into);
    return `${stdout}${stderr}`.trim();
  }

  const protect = (what: Record<string, unknown>): ReturnType<Field["control"]> =>
    field.control("POST", "/v1/protect", what, 500);

  test("threads of a member take no place, and each of them is refused to attackers", async () => {
    wide = field.guest.spawn([`${triggerDir}/threads`]);
    widePid = (JSON.parse(await nextLine(wide, 0)) as { pid: number }).pid;
    const own = `/proc/${widePid}`;
    expect(await looksAt(`printf '%s\n' ${own} ${own} ${own}`), "unprotected").toMatchObject({ opened: 3 });
    await field.protect(widePid, "wide");
    const before = (await status()).processes.length;
    wide.write(`threads ${threads}\n`);
    expect(JSON.parse(await nextLine(wide, 1, 900_000))).toEqual({ made: threads, errno: 0 });
    expect((await status()).processes.length).toBe(before);
    const looks = await looksAt(`find ${own}/task -mindepth 1 -maxdepth 1`);
    expect(looks).toEqual({ refused: threads + 1, opened: 0, other: 0 });
  }, 2_000_000);

  test("when every place is taken, protect says so, a fork is refused, and who is in it stays protected", async () => {
    crowd = field.guest.spawn(
      `echo $$ > ${group}/cgroup.procs; exec ${triggerDir}/torture 1 ${victim.pid} ${victim.address} ${victim.fd}`,
    );
    await nextLine(crowd, 0, 120_000);
    crowd.write(`gather ${places + beyond} 0\n`);
    const gathered = JSON.parse(await nextLine(crowd, 1, 900_000)) as { made: number; errno: number };
    expect(gathered).toMatchObject({ made: places + beyond, errno: 0 });
    const answer = await protect({ cgroup: group, name: "crowd" });
    expect(answer.status).not.toBe(0);
    expect(`${answer.stdout}${answer.stderr}`).toMatch(full);
    const seen = await status();
    const inCrowd = seen.processes.filter(({ workload }) => workload === "crowd").length;
    expect(seen.processes.length).toBe(places);
    expect(Number(seen.losses["scope_full"])).toBeGreaterThan(0);
    // Each that has a place is refused, and no other is: the look itself is made from outside.
    const looks = await looksAt(`sed s,^,/proc/, ${group}/cgroup.procs`);
    expect(looks).toMatchObject({ refused: inCrowd, other: 0 });
    expect(looks.opened).toBeGreaterThanOrEqual(beyond);
    const stranger = await field.person();
    const refusal = await protect({ pid: stranger.pid, name: "stranger" });
    expect(refusal.status).not.toBe(0);
    expect(`${refusal.stdout}${refusal.stderr}`).toMatch(full);
    expect(await attackOn(stranger), "whom protect did not take").toBe("open");
    expect(await field.tell(victim, "forks 20")).toEqual({ children: [], refused: 20, errno: EAGAIN });
    expect((await field.sh(`pgrep -P ${victim.pid}`)).stdout, "children of the victim").toBe("");
    expect(await attackOn(victim)).toBe("EPERM");
    expect(await attackOn({ pid: widePid })).toBe("EPERM");
  }, 3_000_000);

  test("an agent that is killed then comes back ready, though members fork into whatever place is free", async () => {
    await field.signalAgent("KILL");
    await field.agent?.done;
    await expect.poll(async () => (await field.sh("pgrep cloudtaser")).stdout, { timeout: 60_000 }).toBe("");
    expect(await field.tell(victim, "forks 20")).toEqual({ children: [], refused: 20, errno: EAGAIN });
    expect(await attackOn(victim), "while no agent runs").toBe("EPERM");
    await field.startAgent({ mode: "enforce", canary: { interval: 20 } });
    expect((await status()).processes.length).toBe(places);
    expect(await attackOn(victim), "by the next agent").toBe("EPERM");
  }, 1_000_000);

  test("who comes into a protected control group then is open until his next exec, which is refused; it is told", async () => {
    late = await field.person();
    await works(`echo ${late.pid} > ${group}/cgroup.procs`);
    expect(await attackOn(late)).toBe("open");
    expect(await newcomersExec()).toMatch(/Resource temporarily unavailable/);
    expect(await attackOn(late), "still").toBe("open");
    const told = async (): Promise<string> => (await status()).warnings.join("\n");
    await expect
      .poll(told, { timeout: 400_000, interval: 2_000 })
      .toContain(`full (${places}): who found no room is refused`);
  }, 1_000_000);

  test("once the crowd has gone there is room again", async () => {
    crowd.write("release\n");
    expect(JSON.parse(await nextLine(crowd, 2, 900_000))).toMatchObject({ ended: places + beyond });
    crowd.kill("SIGKILL");
    await crowd.done;
    expect(await newcomersExec()).toBe("went");
    const { childPid } = await field.tell(victim, "fork");
    expect(await attackOn({ pid: childPid }), "a child that is made now").toBe("EPERM");
    await field.tell(late, "exec");
    expect(await attackOn(late), "who had found no room, from his next exec on").toBe("EPERM");
    const other = await field.person();
    expect(await attackOn(other)).toBe("open");
    await field.protect(other.pid, "other");
    expect(await attackOn(other)).toBe("EPERM");
    expect(await attackOn(victim)).toBe("EPERM");
  }, 2_000_000);
});
