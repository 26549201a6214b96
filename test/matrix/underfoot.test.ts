// SPDX-License-Identifier: Apache-2.0
// What root changes under the agent: its control socket, the hooks that it wants, the program that it runs by, the lockdown.
// The guards stand, the agent says what is wrong, and goes on or comes back when it can.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GuestCommand } from "../lab/command.js";
import { Guest } from "../lab/guest.js";
import { treeRoot } from "../lab/host.js";
import { otherObjects } from "../torture/objects.js";
import { allowedKill, Field, type Person, triggerDir } from "./field.js";
import { nextLine } from "./next-line.js";

const fresh = {
  mode: "enforce",
  selfProtection: true,
  nodeGuards: "always",
  canary: { interval: 2 },
  vectors: { agent_signal: { allow: [{ exe: allowedKill }] } },
};
/** Others may load programs and raise the lockdown: what becomes of that is what this is about. */
const lenient = {
  mode: "enforce",
  onStop: "leave",
  canary: { interval: 2 },
  vectors: { bpf_load: { mode: "detect" }, hooks_off: { mode: "detect" } },
};

const hook = "ptrace_access_check";
const E2BIG = 7;
/** Of a start that has to load all doors anew: patience with an emulated machine, not a limit on the agent. */
const patienceSeconds = 500;
/** BPF_MAX_TRAMP_LINKS of x86-64 and arm64. */
const places = 38;

describe("under an agent's feet, on 6.12", () => {
  let field: Field;
  let victim: Person;
  let neighbour: Person;
  /** The program that the agent runs by. */
  let node: string;

  beforeAll(async () => {
    field = new Field(await Guest.boot({ kernel: "6.12", memory: "1536M", timeoutSeconds: 300 }));
    await field.guest.copy(join(treeRoot(), "build/torture/bpf"), otherObjects.path);
    await must(`cp /usr/bin/kill ${allowedKill}`);
    node = await must("readlink -f $(command -v node)");
    // Where it is on a disk of its own, that cannot be written to; a copy of it is.
    if (node.startsWith("/opt/node/"))
      await must("mkdir /var/node && cp -a /opt/node/. /var/node && mount --bind /var/node /opt/node");
    victim = await field.person();
    neighbour = await field.person();
  }, 900_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  async function must(command: string): Promise<string> {
    const { status, stdout, stderr } = await field.sh(command, 300);
    expect({ command, status, stderr }).toMatchObject({ status: 0 });
    return stdout.trim();
  }

  interface Status {
    ready: boolean;
    form: string;
    notReady: string[];
    pid: number;
    warnings: string[];
  }
  const status = async (): Promise<Status> => JSON.parse((await field.control("GET", "/v1/status")).stdout) as Status;

  async function tried(vector: string, on: Person): Promise<string> {
    const [road] = await field.roads(vector);
    const { truth } = await field.attack(vector, road ?? "", on);
    return truth?.succeeded ? "open" : (truth?.errnoName ?? "nothing was tried");
  }

  async function guarded(): Promise<void> {
    for (const vector of ["ptrace_attach", "environ_read", "process_vm_read"]) {
      expect({ vector, came: await tried(vector, victim) }).toEqual({ vector, came: "EPERM" });
      expect({ vector, came: await tried(vector, neighbour) }, "the neighbour").toEqual({ vector, came: "open" });
    }
  }

  const untilReady = async (): Promise<void> =>
    void (await expect.poll(async () => (await status()).ready, { timeout: 240_000, interval: 1000 }).toBe(true));

  /** Takes the places at the hook; returns how many it got. */
  async function fill(): Promise<{ command: GuestCommand; attached: number }> {
    const command = field.guest.spawn([`${triggerDir}/fill_hook`, `bpf_lsm_${hook}`, "1000"]);
    const said = JSON.parse(await nextLine(command, 0, 120_000)) as { attached: number; errno: number };
    expect(said.errno, `${said.attached} are attached`).toBe(E2BIG);
    return { command, attached: said.attached };
  }

  async function letGo(command: GuestCommand): Promise<void> {
    command.kill("SIGKILL");
    await command.done;
  }

  test("a hook that others have filled keeps a fresh agent from getting ready, by name, and leaves nothing", async () => {
    const { command, attached } = await fill();
    expect(attached).toBe(places);
    const words = new RegExp(
      `door ${hook}: cannot attach: the hook is full: ${places} programs of others .*bpf_lsm_${hook}`,
    );
    await expect(field.startAgent(fresh)).rejects.toThrow(words);
    expect(await status(), "not in a form that has places").toMatchObject({ ready: false, form: "lsm" });
    const answer = await field.control("POST", "/v1/protect", { pid: victim.pid, name: "victim" });
    expect(answer.stdout).toMatch(/NOT_GUARDED[\s\S]*the hook is full/);
    expect(await tried("environ_read", victim), "protected by half of the guards").toBe("open");
    expect(await field.stopAgent()).toBe(0);
    const left = "bpftool prog show | grep -o 'name ct_[a-z_]*'; ls /sys/fs/bpf";
    await expect.poll(async () => (await field.sh(left)).stdout.trim(), { timeout: 60_000 }).toBe("");
    await expect(field.startAgent(lenient)).rejects.toThrow(words);
    await letGo(command);
    await untilReady();
    await field.protect(victim.pid, "victim");
    await guarded();
  }, 900_000);

  test("the next agent, of another build, keeps what stands at a hook where it has no place", async () => {
    const { command, attached } = await fill();
    expect(attached, "all but the agent's own").toBe(places - 1);
    expect(await field.stopAgent()).toBe(0);
    const upgraded = field.startAgent({ ...lenient, ...otherObjects.settings });
    await expect(upgraded).rejects.toThrow(
      new RegExp(`door ${hook}: .*full: ${places - 1} programs of others .*the agent before stands there still`),
    );
    await guarded();
    // It holds without an agent too.
    await field.signalAgent("KILL");
    await field.agent?.done;
    field.agent = undefined;
    await guarded();
    await expect(field.startAgent({ ...lenient, ...otherObjects.settings })).rejects.toThrow("is full");
    await letGo(command);
    await untilReady();
    await guarded();
  }, 900_000);

  test("a control socket that was removed, renamed or replaced is the agent's again, and an event tells", async () => {
    const socket = "/run/cloudtaser/control.sock";
    const told = async () => (await field.notices()).filter(({ type }) => type === "CONTROL_SOCKET_REPLACED");
    const stranger = field.guest.spawn([
      "python3",
      "-c",
      `import os, socket, time
os.rename("${socket}", "${socket}.away"); s = socket.socket(socket.AF_UNIX); s.bind("${socket}"); s.listen()
print(os.getpid(), flush=True); time.sleep(1000)`,
    ]);
    const pid = Number(await nextLine(stranger, 0, 60_000));
    const found = { found: "a socket of another process", pid, uid: 0, served: "yes", movedTo: `${socket}.replaced` };
    await expect.poll(told, { timeout: 120_000, interval: 500 }).toMatchObject([{ severity: "high", detail: found }]);
    expect(await must("cloudtaser status --json")).toContain(`"pid": ${field.agentPid}`);
    for (const [act, count] of [
      [`rm ${socket}`, 2],
      ["mv /run/cloudtaser /run/cloudtaser.away", 3],
    ] as const) {
      await must(act);
      await expect.poll(async () => (await told()).length, { timeout: 120_000, interval: 500 }).toBe(count);
      expect(await must("cloudtaser status --json")).toContain(`"pid": ${field.agentPid}`);
    }
    expect((await told()).at(-1)?.detail).toEqual({ found: "nothing", served: "yes" });
    stranger.kill("SIGKILL");
    await guarded();
  }, 600_000);

  test("the Node that the agent runs by is not written to, and one that takes its name is taken over by", async () => {
    expect(await must(`readlink /proc/${field.agentPid}/exe`)).toBe(node);
    for (const write of [`: >> ${node}`, `dd if=/dev/zero of=${node} bs=1 count=1 conv=notrunc`]) {
      const { status: code, stderr } = await field.sh(write);
      expect({ write, code, stderr }).toMatchObject({ stderr: expect.stringMatching(/not permitted|Text file busy/) });
      expect(code).not.toBe(0);
    }
    const proof = async () =>
      (JSON.parse((await field.control("GET", "/v1/status")).stdout) as { lastProof: string }).lastProof;
    // As package managers do.
    await must(`cp ${node} ${node}.new && mv ${node}.new ${node}`);
    // At the second look from here: the first may have begun before.
    for (let round = 0, last = await proof(); round < 2; round++) {
      await expect.poll(proof, { timeout: 120_000, interval: 500 }).not.toBe(last);
      last = await proof();
    }
    await field.signalAgent("KILL");
    await field.agent?.done;
    await guarded();
    await field.startAgent({ ...lenient, ...otherObjects.settings }, patienceSeconds);
    expect(await must("cloudtaser status --json")).toContain('"tookOver": true');
    await guarded();
    // Replaced while none runs: it is a stranger, and is told so.
    await field.signalAgent("KILL");
    await field.agent?.done;
    await must(`cp ${node} ${node}.new && mv ${node} ${node}.told && mv ${node}.new ${node}`);
    await expect(field.startAgent({ ...lenient, ...otherObjects.settings })).rejects.toThrow("PIN_STRANGER");
    await field.agent?.done;
    await guarded();
    await must(`mv ${node}.told ${node}`);
    await field.startAgent({ ...lenient, ...otherObjects.settings }, patienceSeconds);
    await guarded();
  }, 900_000);

  for (const level of ["integrity", "confidentiality"]) {
    test(`a lockdown to ${level} that is raised while it runs leaves the guards, is told, and the next agent starts`, async () => {
      await must(`echo ${level} > /sys/kernel/security/lockdown`);
      expect(await must("cat /sys/kernel/security/lockdown")).toContain(`[${level}]`);
      await guarded();
      const running = await status();
      expect(running.warnings.join()).toContain(`locked down to ${level} while this agent ran`);
      const doctor = JSON.parse((await field.sh("cloudtaser doctor --json", 300)).stdout) as {
        restraints: { about: string; found: string }[];
      };
      expect(doctor.restraints).toContainEqual(expect.objectContaining({ about: "lockdown", found: level }));
      const reads = await field.events((events) => events.some(({ vector }) => vector === "hooks_off"));
      expect(reads.some(({ vector, outcome }) => vector === "hooks_off" && outcome === "observed")).toBe(true);
      await untilReady();
      await field.signalAgent("KILL");
      await field.agent?.done;
      await guarded();
      await field.startAgent(lenient, patienceSeconds);
      const next = await status();
      expect(next).toMatchObject({ ready: true, form: "lsm", notReady: [] });
      expect(next.warnings.join()).not.toContain("while this agent ran");
      await guarded();
    }, 900_000);
  }
});
