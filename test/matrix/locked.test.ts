// SPDX-License-Identifier: Apache-2.0
// Machines that hold programs back by other means: lockdown, Yama, SELinux and AppArmor (on, without a policy that confines the
// agent), switches of BPF. The agent runs whole there, or is refused with one clear message, and doctor explains each finding.
// make test-all, and LOCKED=all by itself, add kernels and command lines, and the switches.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SelftestResult } from "../../src/selftest/index.js";
import { Guest } from "../lab/guest.js";
import { isWhole } from "./extent.js";
import { ask, Field, type Person } from "./field.js";
import { leakSecret } from "./secret.js";

interface Line {
  kernel: string;
  cmdline: string;
  form: "lsm" | "fmod_ret";
  /** What doctor says, by what it is about. */
  says: Readonly<Record<string, RegExp>>;
}

const integrity = /^integrity: the guards work whole/;
const withBpf = /bpf is among them/;

const lines: Line[] = [
  {
    kernel: "6.12",
    cmdline: "lockdown=integrity lsm=lockdown,yama,apparmor,bpf mitigations=auto",
    form: "lsm",
    says: { lockdown: integrity, "active LSMs": withBpf, "access control": /AppArmor, this process is unconfined/ },
  },
  {
    kernel: "5.10",
    cmdline: "lockdown=integrity lsm=lockdown,yama,apparmor,bpf mitigations=auto",
    form: "lsm",
    says: { lockdown: integrity, "active LSMs": withBpf },
  },
];

const more: Line[] = [
  ...["6.1", "7.2"].map(
    (kernel): Line => ({
      kernel,
      cmdline: "lockdown=integrity lsm=lockdown,yama,apparmor,bpf",
      form: "lsm",
      says: { lockdown: integrity, "active LSMs": withBpf },
    }),
  ),
  {
    kernel: "6.12",
    cmdline: "lockdown=integrity lsm=lockdown,yama,apparmor",
    form: "fmod_ret",
    says: { lockdown: integrity, "active LSMs": /without bpf/ },
  },
  {
    kernel: "6.12",
    cmdline: "lsm=lockdown,yama,selinux,bpf selinux=1",
    form: "lsm",
    says: { lockdown: /^none/, "access control": /^SELinux/ },
  },
];

const typedLoads = /^confidentiality: the guards that are loaded read by typed loads/;

/** From 6.2 on doors are loaded there all the same. */
const confidential: Line[] = [
  {
    kernel: "6.12",
    cmdline: "lockdown=confidentiality lsm=lockdown,yama,selinux,bpf selinux=1",
    form: "lsm",
    says: { lockdown: typedLoads, "access control": /^SELinux/ },
  },
];

const moreConfidential: Line[] = [
  { kernel: "7.2", cmdline: "lockdown=confidentiality", form: "lsm", says: { lockdown: typedLoads } },
  {
    kernel: "6.12",
    cmdline: "lockdown=confidentiality lsm=lockdown,yama,apparmor",
    form: "fmod_ret",
    says: { lockdown: typedLoads, "active LSMs": /without bpf/ },
  },
];

const isAll = isWhole || process.env["LOCKED"] === "all";
const whole = isAll ? [...lines, ...more] : lines.slice(0, 1);
const typed = isAll ? [...confidential, ...moreConfidential] : confidential;
/** Before 6.2 nothing can be loaded. */
const lockedOut = isAll ? ["5.10", "6.1"] : [];
const core = ["environ_read", "process_vm_read", "ptrace_attach", "procmem_read"] as const;

interface Doctor {
  verdict: string;
  form: string | null;
  restraints: { about: string; found: string; means: string; good: boolean }[];
  change: string[];
}

async function doctor(field: Field): Promise<Doctor & { status: number; said: Record<string, string> }> {
  const { status, stdout, stderr } = await field.sh("cloudtaser doctor --json", 300);
  if (!stdout.startsWith("{")) throw new Error(`doctor said no JSON: ${stdout} ${stderr}`);
  const value = JSON.parse(stdout) as Doctor;
  const said = Object.fromEntries(value.restraints.map(({ about, found, means }) => [about, `${found}: ${means}`]));
  return { ...value, status, said };
}

describe.each([...whole, ...typed])("$kernel, $cmdline", ({ kernel, cmdline, form, says }) => {
  const isTyped = cmdline.includes("confidentiality");
  let field: Field;
  let victim: Person;
  let neighbour: Person;

  beforeAll(async () => {
    field = new Field(await Guest.boot({ kernel, cmdline, memory: "1536M", timeoutSeconds: 300 }));
    victim = await field.person();
    neighbour = await field.person();
  }, 900_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  const status = async () =>
    JSON.parse((await field.control("GET", "/v1/status")).stdout) as {
      ready: boolean;
      form: string;
      notReady: string[];
      lastProof: string | null;
    };

  /** Two rounds: the first may have begun before. */
  async function provedAnew(): Promise<void> {
    for (let round = 0, last = (await status()).lastProof; round < 2; round++) {
      await expect.poll(async () => (await status()).lastProof, { timeout: 120_000, interval: 1000 }).not.toBe(last);
      last = (await status()).lastProof;
    }
  }

  test("the agent runs whole, in the form that is sound there", async () => {
    for (const vector of core) {
      const { truth } = await field.attack(vector, await firstRoad(vector), victim);
      expect({ vector, ...truth }, "without the agent").toMatchObject({ succeeded: true });
    }
    await field.startAgent({ mode: "enforce", canary: { interval: 2 } });
    expect(await status()).toMatchObject({ ready: true, form, notReady: [] });
    await field.protect(victim.pid, "victim");
    for (const vector of core) {
      const road = await firstRoad(vector);
      const { truth } = await field.attack(vector, road, victim);
      expect({ vector, ...truth }).toMatchObject({ succeeded: false, errnoName: "EPERM", got: "" });
      const other = await field.attack(vector, road, neighbour);
      expect({ vector, ...other.truth }, "at the neighbour").toMatchObject({ succeeded: true });
    }
  }, 900_000);

  test("doctor explains each finding", async () => {
    const { said, form: shown } = await doctor(field);
    expect(shown).toBe(form);
    for (const [about, words] of Object.entries(says)) expect(said[about], about).toMatch(words);
    expect(said["CPU mitigations"]).toMatch(/^no known processor bug is open|^open to /);
  }, 600_000);

  if (isTyped) {
    test("what user memory decides is decided as elsewhere", async () => {
      // A number in the caller's own memory: another's may be written, the agent's not, and what cannot be read is not.
      const move = (pid: number) =>
        field.sh(`mkdir -p /sys/fs/cgroup/moved && echo ${pid} | tee /sys/fs/cgroup/moved/cgroup.procs`);
      expect(await move(neighbour.pid)).toMatchObject({ status: 0 });
      expect(await move(field.agentPid)).toMatchObject({ stderr: expect.stringContaining("Operation not permitted") });
      expect((await field.sh(`cat /proc/${field.agentPid}/cgroup`)).stdout).not.toContain("moved");
    }, 300_000);

    test("no secret is taken, and the reason is told", async () => {
      const { status, stdout } = await field.guest.run(
        [ask, "POST", "/v1/secrets?workload=victim&name=token", leakSecret],
        { timeoutSeconds: 200 },
      );
      expect(status).not.toBe(0);
      expect(stdout).toMatch(/SECRETS_UNSUPPORTED[\s\S]*lockdown/);
    }, 300_000);
  }

  if (isTyped && isAll) {
    test("the selftest finds nothing open", async () => {
      const { status, stdout, stderr } = await field.sh("cloudtaser selftest --json", 900);
      if (!stdout.startsWith("{")) throw new Error(`no result, status ${status}: ${stderr}`);
      const { vectors } = JSON.parse(stdout) as SelftestResult;
      const open = vectors.flatMap(({ vector, roads }) =>
        roads
          .filter(({ outcome }) => outcome === "not_stopped" || outcome === "inconclusive")
          .map(({ road, outcome, reason }) => ({ vector, road, outcome, reason })),
      );
      expect(open).toEqual([]);
      expect(vectors.filter(({ outcome }) => outcome === "refused").length).toBeGreaterThan(25);
    }, 1_200_000);
  }

  if (isAll) {
    test("switches of BPF and Yama take no door away", async () => {
      for (const [bpf, scope] of [
        [2, 0],
        [0, 2],
        [1, 3],
      ] as const) {
        const changed = await field.sh(
          `sysctl -qw kernel.yama.ptrace_scope=${scope}; sysctl -qw kernel.unprivileged_bpf_disabled=${bpf}; cat /proc/sys/kernel/yama/ptrace_scope /proc/sys/kernel/unprivileged_bpf_disabled`,
        );
        expect(changed.stdout.trim().split("\n")).toEqual([String(scope), String(bpf)]);
        await provedAnew();
        expect(await status(), `ptrace_scope=${scope}`).toMatchObject({ ready: true, notReady: [] });
        const { said } = await doctor(field);
        expect(said["Yama"]).toContain(`ptrace_scope=${scope}: `);
        expect(said["unprivileged BPF"]).toContain(`unprivileged_bpf_disabled=${bpf}: `);
        const { truth } = await field.attack("environ_read", await firstRoad("environ_read"), victim);
        expect(truth).toMatchObject({ succeeded: false, errnoName: "EPERM" });
      }
    }, 900_000);
  }

  test("a kernel that takes no modules any more leaves the agent ready, and the next one too", async () => {
    expect((await field.sh("sysctl -w kernel.modules_disabled=1")).stdout).toMatch(/= 1/);
    await provedAnew();
    expect(await status()).toMatchObject({ ready: true, notReady: [] });
    await field.stopAgent();
    await field.startAgent({ mode: "enforce", canary: { interval: 2 } });
    await field.protect(victim.pid, "victim");
    const { truth } = await field.attack("environ_read", await firstRoad("environ_read"), victim);
    expect(truth).toMatchObject({ succeeded: false, errnoName: "EPERM" });
  }, 900_000);

  async function firstRoad(vector: string): Promise<string> {
    const [road] = await field.roads(vector);
    if (road === undefined) throw new Error(`${vector} has no road`);
    return road;
  }
});

describe.each(lockedOut)("%s, lockdown=confidentiality", (kernel) => {
  let field: Field;

  beforeAll(async () => {
    const cmdline = "lockdown=confidentiality";
    field = new Field(await Guest.boot({ kernel, cmdline, memory: "1536M", timeoutSeconds: 300 }));
  }, 900_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  test("doctor says what is in the way and what to boot with", async () => {
    const { status, said, verdict, change } = await doctor(field);
    expect(status).toBe(3);
    expect(verdict).toContain("locked down to confidentiality");
    expect(said["lockdown"]).toMatch(/^confidentiality: BPF programs may read no memory/);
    expect(change.join()).toContain("boot with lockdown=integrity");
  }, 600_000);

  test("the agent is refused with one clear message, and nothing is attached", async () => {
    await field.guest.writeFile("/run/agent.yaml", "mode: enforce\nevents: {stdout: false}\n");
    const { status, stdout, stderr } = await field.sh("cloudtaser agent --config /run/agent.yaml", 200);
    expect({ status, said: stdout + stderr }).toMatchObject({
      status: 3,
      said: expect.stringMatching(/locked down to confidentiality[\s\S]*lockdown=integrity[\s\S]*LOCKED_DOWN/),
    });
    const left = await field.sh("bpftool prog show | grep -o 'name ct_[a-z_]*'; ls /sys/fs/bpf");
    expect(left.stdout.trim()).toBe("");
  }, 600_000);
});
