// SPDX-License-Identifier: Apache-2.0
// A machine with another processor: other numbers of system calls, other registers, no 32-bit calls of a 64-bit program.
// Every door is proved, the core vectors are refused on all their roads, and who is not protected stays reachable.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type VectorName, vectorTable } from "../../src/vectors/index.js";
import { Guest } from "../lab/guest.js";
import { type Attack, Field, type Person, type SeenEvent } from "./field.js";
import { standing } from "./soundness.js";

const core: readonly VectorName[] = [
  "ptrace_attach",
  "ptrace_seize",
  "procmem_read",
  "procmem_write",
  "environ_read",
  "proc_layout",
  "process_vm_read",
  "process_vm_write",
  "pidfd_getfd",
  "process_madvise",
  "ns_enter",
  "module_load",
  "bpf_load",
  "dev_mem",
  "kcore",
];

/** Roads of which this machine has none, by the trigger's own words. */
const absent = /32-bit|there is nothing to attack/;

const findModules = `
  cd /lib/modules/$(uname -r)/kernel
  f=$(find . -name 'dummy.ko*' | head -1); cp "$f" /tmp/; cd /tmp
  [ -e dummy.ko ] || busybox unxz -k dummy.ko.xz
  for fs in squashfs minix cramfs romfs; do
    find /lib/modules/$(uname -r)/kernel/fs -name "$fs.ko*" | grep -q . && ! grep -qw "$fs" /proc/filesystems && { echo $fs; break; }
  done`;

describe("6.12 on arm64", () => {
  let field: Field;
  let victim: Person;
  let neighbour: Person;
  const possible: [VectorName, string][] = [];

  beforeAll(async () => {
    field = new Field(await Guest.boot({ arch: "arm64", kernel: "6.12", memory: "1536M" }));
    const { stdout, stderr } = await field.sh(findModules);
    expect(stdout.trim(), stderr).toMatch(/^\w+$/);
    field.module = { plain: "/tmp/dummy.ko", packed: "/tmp/dummy.ko.xz", fs: stdout.trim() };
    victim = await field.person();
    neighbour = await field.person();
    field.namespaced = (await field.tell(victim, "pidns")).childPid;
    await field.sh("mkdir -p /sys/fs/cgroup/cloudtaser");
    await field.hold([victim, neighbour]);
  }, 600_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  const attackAll = async (on: Person): Promise<[VectorName, string, Attack][]> => {
    const attacks: [VectorName, string, Attack][] = [];
    for (const [vector, road] of possible) attacks.push([vector, road, await field.attack(vector, road, on)]);
    return attacks;
  };

  test("without the agent every attack succeeds", async () => {
    const impossible: string[] = [];
    for (const vector of core) {
      for (const road of await field.roads(vector)) {
        const attack = await field.attack(vector, road, victim);
        if (attack.status === 2) {
          if (!absent.test(attack.truth?.why ?? "")) impossible.push(`${vector}/${road}: ${attack.truth?.why}`);
          continue;
        }
        expect.soft({ vector, road, ...attack.truth }).toMatchObject({ succeeded: true });
        possible.push([vector, road]);
      }
      expect(
        possible.some(([name]) => name === vector),
        `no road of ${vector} works here`,
      ).toBe(true);
    }
    expect(impossible).toEqual([]);
  }, 600_000);

  test("the agent starts, every door is proved, and it is sound", async () => {
    await field.startAgent({ mode: "enforce" });
    await field.protect(victim.pid, "victim");
    const status = await standing(field);
    // Of the accomplice, who has files of the victim open.
    const held = /^victim: (process \d+ has \w+ of process \d+ open|… and \d+ more of that kind)/;
    expect(status.warnings.filter((warning) => !held.test(warning))).toEqual([]);
    expect(status.doors.filter(({ proved }) => !proved)).toEqual([]);
    const doctor = await field.sh("cloudtaser doctor");
    expect(doctor.stdout + doctor.stderr).toMatch(/lsm/);
    expect(doctor.status, doctor.stdout).toBe(0);
  }, 600_000);

  test("enforce: every attack is refused, with one event that names the call", async () => {
    const attacks = await attackAll(victim);
    const of = (events: readonly SeenEvent[], attack: Attack): SeenEvent[] =>
      events.filter((event) => event.offender.pid === attack.truth?.pid);
    const events = await field.events((seen) => attacks.every(([, , attack]) => of(seen, attack).length > 0));
    for (const [vector, road, attack] of attacks) {
      expect.soft({ vector, road, ...attack.truth }).toMatchObject({ succeeded: false, got: "" });
      expect
        .soft(of(events, attack), `events of ${vector}/${road}`)
        .toMatchObject([{ vector, outcome: "denied", killed: false }]);
    }
    const calls = new Map(attacks.flatMap(([vector, , attack]) => of(events, attack).map((event) => [vector, event])));
    expect(calls.get("ptrace_attach")?.syscall).toMatchObject({ name: "ptrace", compat: false });
    expect(calls.get("process_vm_read")?.syscall).toMatchObject({ name: "process_vm_readv" });
    expect(calls.get("bpf_load")?.syscall).toMatchObject({ name: "bpf" });
    expect(JSON.stringify(events)).not.toContain(victim.secret);
  }, 600_000);

  test("an unprotected neighbour stays reachable", async () => {
    for (const vector of core) {
      const road = possible.find(([name]) => name === vector)?.[1] ?? "";
      if (vectorTable[vector].scope === "node") continue;
      const attack = await field.attack(vector, road, neighbour);
      expect({ vector, road, ...attack.truth }).toMatchObject({ succeeded: true });
    }
  }, 300_000);
});
