// SPDX-License-Identifier: Apache-2.0
// A machine with another processor: other numbers of system calls, other registers, no 32-bit calls of a 64-bit program.
// Every door is proved, the core vectors are refused, and who is not protected stays reachable. ARM64=all: every vector, on
// all its roads.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type VectorName, vectorNames, vectorTable } from "../../src/vectors/index.js";
import { Guest } from "../lab/guest.js";
import { absentOnArm64 } from "./arm64-absent.js";
import { everything } from "./everything.js";
import { errnoOf, onlyRefused, silentRoads } from "./exceptions.js";
import { type Attack, Field, type Person, type SeenEvent } from "./field.js";
import { prepareMachine } from "./machine.js";
import { giveSecret, leakSecret } from "./secret.js";
import { standing } from "./soundness.js";

const all = process.env["ARM64"] === "all";

/** One of each kind of hook and of each way by which a guard knows the call: number, registers, flags of the file. */
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
  "swap_on",
  "leak_write",
  "chan_splice",
];

const tried = all ? vectorNames : core;

describe("6.12 on arm64", () => {
  let field: Field;
  let victim: Person;
  let neighbour: Person;
  const possible: [VectorName, string][] = [];

  beforeAll(async () => {
    // This guest is slow beside another one, and a processor that waits long is no fault of the kernel's.
    field = new Field(
      await Guest.boot({
        arch: "arm64",
        kernel: "6.12",
        memory: "1536M",
        cmdline: "watchdog_thresh=60",
        timeoutSeconds: 600,
      }),
    );
    await field.findModules();
    await prepareMachine(field, ["vfio", "uio", "loop"]);
    victim = await field.person();
    neighbour = await field.person();
    field.namespaced = (await field.tell(victim, "pidns")).childPid;
    await field.hold([victim, neighbour]);
  }, 1_200_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  const attackAll = async (on: Person): Promise<[VectorName, string, Attack][]> => {
    const attacks: [VectorName, string, Attack][] = [];
    for (const [vector, road] of possible) attacks.push([vector, road, await field.attack(vector, road, on)]);
    return attacks;
  };

  test("without the agent every attack succeeds", async () => {
    for (const vector of tried) {
      for (const road of await field.roads(vector)) {
        if (`${vector}/${road}` in onlyRefused) continue;
        const attack = await field.attack(vector, road, victim);
        if (attack.status === 2) {
          expect.soft(absentOnArm64(vector, road), `${vector}/${road}: ${attack.truth?.why}`).toBeDefined();
          continue;
        }
        expect.soft(absentOnArm64(vector, road), `${vector}/${road} is there`).toBeUndefined();
        expect.soft({ vector, road, ...attack.truth }).toMatchObject({ succeeded: true });
        possible.push([vector, road]);
        if (!all) break;
      }
      expect
        .soft(
          possible.some(([name]) => name === vector),
          `no road of ${vector} works here`,
        )
        .toBe(true);
    }
  }, 1_200_000);

  test("the agent starts, every door is proved, and it is sound", async () => {
    await field.startAgent(everything(all ? "detect" : "enforce"), 900);
    await field.protect(victim.pid, "victim");
    await giveSecret(field, "victim");
    const status = await standing(field);
    // Of the accomplice, who has files of the victim open.
    const held = /^victim: (process \d+ has \w+ of process \d+ open|… and \d+ more of that kind)/;
    expect.soft(status.warnings.filter((warning) => !held.test(warning))).toEqual([]);
    expect(status.doors.filter(({ proved, soundness }) => !proved || soundness !== "sound")).toEqual([]);
    const doctor = await field.sh("cloudtaser doctor", 300);
    expect(doctor.stdout + doctor.stderr).toMatch(/lsm/);
    expect(doctor.stdout).toContain("no I/O ports, no model-specific registers");
    expect(doctor.status, doctor.stdout).toBe(0);
    if (!all) return;
    // The accomplice takes the agent's objects for later attacks while it only observes.
    for (const [vector, road] of possible.filter(([name]) => name === "bpf_tamper"))
      expect.soft({ road, ...(await field.attack(vector, road, victim)).truth }).toMatchObject({ succeeded: true });
    await field.forgetEvents();
    await field.reconfigure(everything("enforce"));
  }, 1_200_000);

  test("enforce: every attack is refused, with one event that names the call", async () => {
    for (const key of all ? Object.keys(onlyRefused) : []) {
      const [vector, road = ""] = key.split("/") as [VectorName, string];
      if (absentOnArm64(vector, road) === undefined) possible.push([vector, road]);
    }
    const attacks = await attackAll(victim);
    const of = (events: readonly SeenEvent[], attack: Attack): SeenEvent[] =>
      events.filter((event) => event.offender.pid === attack.truth?.pid);
    const loud = attacks.filter(([vector, road]) => !silentRoads.has(`${vector}/${road}`));
    const events = await field.events((seen) => loud.every(([, , attack]) => of(seen, attack).length > 0));
    for (const [vector, road, attack] of attacks) {
      const errno = silentRoads.has(`${vector}/${road}`) ? {} : { errnoName: errnoOf(vector, road) };
      expect.soft({ vector, road, ...attack.truth }).toMatchObject({ succeeded: false, got: "", ...errno });
      expect
        .soft(of(events, attack), `events of ${vector}/${road}`)
        .toMatchObject([{ vector, outcome: "denied", killed: false }]);
    }
    const calls = new Map(attacks.flatMap(([vector, , attack]) => of(events, attack).map((event) => [vector, event])));
    expect.soft(calls.get("ptrace_attach")?.syscall).toMatchObject({ name: "ptrace", compat: false });
    expect.soft(calls.get("process_vm_read")?.syscall).toMatchObject({ name: "process_vm_readv" });
    expect.soft(calls.get("bpf_load")?.syscall).toMatchObject({ name: "bpf" });
    expect(JSON.stringify(events)).not.toMatch(new RegExp(`${victim.secret}|${leakSecret}`));
  }, 1_200_000);

  test("an unprotected neighbour stays reachable", async () => {
    for (const vector of tried) {
      const road = possible.find(([name]) => name === vector)?.[1] ?? "";
      if (vectorTable[vector].scope === "node") continue;
      const attack = await field.attack(vector, road, neighbour);
      expect.soft({ vector, road, ...attack.truth }).toMatchObject({ succeeded: true });
    }
  }, 600_000);
});
