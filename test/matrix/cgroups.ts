// SPDX-License-Identifier: Apache-2.0
// Protection by control group: every road into one is tried, on the way in and by an attacker who goes in himself; who
// starts there is attacked in a tight loop; and all of it holds without an agent.
import { expect, test } from "vitest";
import { type Person, triggerDir } from "./field.js";
import { nextLine } from "./next-line.js";
import { keepFigures } from "./soundness.js";
import type { Suite } from "./suite.js";

const root = "/sys/fs/cgroup/ct-test";
const inside = `${root}/pay`;
const outside = `${root}/other`;

interface Newborn {
  starts: number;
  failed: number;
  attempts: number;
  refused: number;
  got: number;
}

interface Status {
  cgroups: { id: string; path: string | null; workload: string }[];
  processes: { pid: number; workload: string }[];
  workloads: { name: string }[];
}

/** What the tests of life without an agent look at too. */
export interface CgroupChecks {
  withoutAgent(): Promise<void>;
  underNext(): Promise<void>;
  /** After these. */
  endTests(): void;
}

export function cgroupTests(suite: Suite, name: string): CgroupChecks {
  const ended: Person[] = [];
  let late: Person | undefined;

  const attackOn = async (person: Person): Promise<string> => {
    const { truth } = await suite.field.attack("procmem_read", "default", person);
    if (truth?.succeeded) {
      expect(truth.got, "what was read is the secret").toContain(person.secret);
      return "open";
    }
    return truth?.errnoName ?? "nothing was tried";
  };

  const ready = async (): Promise<Status> =>
    JSON.parse((await suite.field.control("GET", "/v1/status")).stdout) as Status;

  const person = async (): Promise<Person> => {
    const one = await suite.field.person();
    ended.push(one);
    return one;
  };

  /** By a road of test/triggers/entrant.c. */
  const entrant = async (road: string, directory: string): Promise<Person> => {
    const command = suite.field.guest.spawn([`${triggerDir}/entrant`, road, directory]);
    const said = JSON.parse(await nextLine(command, 0)) as Omit<Person, "command">;
    ended.push({ ...said, command });
    return { ...said, command };
  };

  const move = async (pid: number, directory: string, file = "cgroup.procs"): Promise<void> => {
    const { status, stderr } = await suite.field.sh(`echo ${pid} > ${directory}/${file}`);
    expect({ status, stderr }).toMatchObject({ status: 0 });
  };

  /** Ends who is in these control groups, and removes them: who was killed is in its group until it has gone. */
  const away = async (...groups: string[]): Promise<void> => {
    const script = `for g in ${groups.join(" ")}; do
      for pid in $(cat $g/cgroup.procs); do kill -9 $pid; done
      until rmdir $g; do sleep 0.1; done; done 2>/dev/null`;
    expect(await suite.field.sh(script)).toMatchObject({ status: 0 });
  };

  const newborns = async (directory: string, starts: number): Promise<Newborn> => {
    const argv = [`${triggerDir}/newborn`, directory, `${starts}`, "3"];
    const { status, stdout, stderr } = await suite.field.guest.run(argv, { timeoutSeconds: 200 });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return JSON.parse(stdout) as Newborn;
  };

  test("who enters a protected control group is protected, by each road", async () => {
    await suite.field.sh(`mkdir -p ${inside} ${outside}`);
    const before = await person();
    await move(before.pid, inside);
    expect(await attackOn(before), "before the control group is protected").toBe("open");
    const protect = await suite.field.sh(`cloudtaser protect --cgroup ${inside} --name pay`);
    expect(protect).toMatchObject({ status: 0 });
    expect(await attackOn(before), "in it when its protection began").toBe("EPERM");

    const moved = await person();
    expect(await attackOn(moved), "before it is moved").toBe("open");
    await move(moved.pid, inside);
    expect(await attackOn(moved), "moved by cgroup.procs").toBe("EPERM");

    const { childPid } = await suite.field.tell(moved, "fork");
    expect(await attackOn({ ...moved, pid: childPid }), "forked inside").toBe("EPERM");

    expect(await attackOn(await entrant("clone3", inside)), "made there by clone3").toBe("EPERM");
    expect(await attackOn(await entrant("clone3", outside)), "made in the neighbour by clone3").toBe("open");

    await suite.field.sh(`mkdir -p ${inside}/later/deep`);
    const deep = await person();
    await move(deep.pid, `${inside}/later/deep`);
    expect(await attackOn(deep), "in a group below, made afterwards").toBe("EPERM");
    expect(await attackOn(await entrant("clone3", `${inside}/later`)), "clone3 into one below").toBe("EPERM");

    await move(deep.pid, outside);
    expect(await attackOn(deep), "moved out again").toBe("EPERM");
    const stranger = await person();
    await move(stranger.pid, outside);
    expect(await attackOn(stranger), "in the unprotected neighbour").toBe("open");
  }, 300_000);

  test("one thread that is moved into a threaded control group brings its process in", async () => {
    await suite.field.sh(`mkdir -p ${outside}/threads && echo threaded > ${outside}/threads/cgroup.type`);
    const protect = await suite.field.sh(`cloudtaser protect --cgroup ${outside}/threads --name threads`);
    expect(protect).toMatchObject({ status: 0, stdout: expect.stringContaining("Nobody there yet") });
    const road = `echo $$ > ${outside}/cgroup.procs && exec ${triggerDir}/entrant thread ${outside}/threads`;
    const command = suite.field.guest.spawn(road);
    const said = JSON.parse(await nextLine(command, 0)) as Omit<Person, "command">;
    ended.push({ ...said, command });
    expect(await attackOn({ ...said, command })).toBe("EPERM");
    await suite.field.unprotect("threads");
    await suite.field.sh(`kill -9 ${said.pid}`);
    await away(`${outside}/threads`);
  }, 300_000);

  test("an attacker who enters the group may not look at its members, and exec brings back who was taken out", async () => {
    const member = await person();
    await move(member.pid, inside);
    const attack = suite.field.attackCommand("procmem_read", "default", member).join(" ");
    const { stdout } = await suite.field.sh(`echo $$ > ${inside}/cgroup.procs && exec ${attack}`);
    expect(JSON.parse(stdout)).toMatchObject({ succeeded: false, errnoName: "EPERM" });

    const taken = await suite.field.sh(`cloudtaser unprotect ${member.pid}`);
    expect(taken).toMatchObject({ status: 0, stderr: expect.stringContaining("after its next exec") });
    expect(await attackOn(member), "taken out by its number").toBe("open");
    // A group that is made brings a look soon; it takes in what was forked meanwhile, and leaves out who was taken out.
    const { childPid } = await suite.field.tell(member, "fork");
    await suite.field.sh(`mkdir ${inside}/look`);
    const ofChild = () => attackOn({ ...member, pid: childPid });
    await expect.poll(ofChild, { timeout: 60_000, interval: 200 }).toBe("EPERM");
    expect(await attackOn(member), "after a look").toBe("open");
    await suite.field.sh(`rmdir ${inside}/look; kill -9 ${childPid}`);
    const again = { ...(await suite.field.tell(member, "exec")), command: member.command };
    expect(await attackOn(again), "after its exec").toBe("EPERM");

    expect(await suite.field.control("POST", "/v1/unprotect", { pid: member.pid })).toMatchObject({ status: 0 });
    expect(await attackOn(again), "taken out again").toBe("open");
    await suite.field.control("POST", "/v1/protect", { cgroup: inside, name: "pay" });
    expect(await attackOn(again), "its group was named again").toBe("EPERM");
  }, 300_000);

  test("none of those who start in it is read after its exec", async () => {
    const open = await newborns(outside, 10);
    expect(open, "the attack works").toMatchObject({ failed: 0 });
    expect(open.got).toBeGreaterThan(0);
    const closed = await newborns(inside, 40);
    expect(closed).toMatchObject({ failed: 0, got: 0 });
    expect(closed.refused).toBeGreaterThan(0);
    keepFigures(`newborn-${name}`, { open, closed });
    await suite.field.forgetEvents();
  }, 400_000);

  const withoutAgent = async (): Promise<void> => {
    late = await person();
    await move(late.pid, inside);
    expect(await attackOn(late), "entered while there was no agent").toBe("EPERM");
    expect(await attackOn(await entrant("clone3", inside)), "made there while there was no agent").toBe("EPERM");
  };

  const underNext = async (): Promise<void> => {
    expect((await ready()).cgroups).toMatchObject([{ path: "/ct-test/pay", workload: "pay" }]);
    if (late) expect(await attackOn(late)).toBe("EPERM");
    const next = await person();
    await move(next.pid, inside);
    expect(await attackOn(next), "entered under the next agent").toBe("EPERM");
  };

  const endTests = (): void => {
    test("a control group that is made anew under its path is taken up, and the end of its protection is one", async () => {
      const end = (people: readonly Person[]) => suite.field.sh(`kill -9 ${people.map(({ pid }) => pid).join(" ")}`);
      await away(`${inside}/later/deep`, `${inside}/later`, inside);
      await suite.field.sh(`mkdir ${inside}`);
      const deadline = Date.now() + 20_000;
      let found = await ready();
      while (found.cgroups.length !== 1 || found.cgroups[0]?.path === null) {
        expect(Date.now(), `what is known: ${JSON.stringify(found.cgroups)}`).toBeLessThan(deadline);
        await new Promise((resolve) => setTimeout(resolve, 100));
        found = await ready();
      }
      const back = await person();
      await move(back.pid, inside);
      expect(await attackOn(back), "in the new group of that path").toBe("EPERM");
      await suite.field.unprotect("pay");
      expect(await attackOn(back), "its protection has ended").toBe("open");
      const free = await person();
      await move(free.pid, inside);
      expect(await attackOn(free), "the control group's too").toBe("open");
      expect((await ready()).cgroups).toEqual([]);
      await end(ended);
      await away(inside, outside, root);
    }, 300_000);
  };

  return { withoutAgent, underNext, endTests };
}
