// SPDX-License-Identifier: Apache-2.0
// The whole promise on one machine: every vector and road without the agent, observed, refused, killed, refused with the
// ring full; the neighbour stays reachable; protection follows fork, clone and exec and ends with the process.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vectorNames, vectorTable } from "../../src/vectors/index.js";
import { Guest } from "../lab/guest.js";
import { benignTests } from "./benign.js";
import { cgroupTests } from "./cgroups.js";
import type { Configuration } from "./configurations.js";
import { everything } from "./everything.js";
import {
  allInDetect,
  briefRoads,
  errnoOf,
  eventsOfAttack,
  impossible,
  needAgent,
  onlyRefused,
  quietRoads,
  silentInDetect,
  silentRoads,
} from "./exceptions.js";
import { isWhole } from "./extent.js";
import { type Attack, Field, type Person, type SeenEvent, triggerDir } from "./field.js";
import { foldTests } from "./folds.js";
import { leakCaseTests } from "./leak-cases.js";
import { badStartTests, lifeTests } from "./life.js";
import { prepareMachine } from "./machine.js";
import { pipeTests } from "./pipe.js";
import { policyTests } from "./policy.js";
import { MatrixRecord } from "./record.js";
import { giveSecret, leakSecret } from "./secret.js";
import { harmlessFormTests, oneSelftest, selftestTests } from "./selftest.js";
import { soundnessTests } from "./soundness.js";

/** The agent kills an offender that is not the current task from user space: so long the refused one waits for it. */
const killPatienceSeconds = 40;

export interface Suite {
  field: Field;
  victim: Person;
  neighbour: Person;
  roads: Map<string, string[]>;
  /** The first road of a vector that works here. */
  firstRoad(vector: string): string;
}

export function describeConfiguration(configuration: Configuration): void {
  describe(`kernel ${configuration.name}`, () => {
    const suite = {} as Suite;
    const record = new MatrixRecord(configuration.name);
    const possible = new Set<string>();
    // A kernel of each form has everything; on the others what follows from the same code is left to make test-all.
    const oneOfForm = configuration.name === "6.12" || configuration.name === "5.10";
    const whole = isWhole || oneOfForm;
    const hasOwnKernel = configuration.name === configuration.kernel;
    /** Every road on each kernel; on those with another LSM list, which have none of their own, one of each vector. */
    const everyOne = isWhole || hasOwnKernel;
    const everyRoad = (): [string, string][] =>
      [...suite.roads].flatMap(([vector, roads]) => roads.map((road): [string, string] => [vector, road]));
    const eventsOf = (events: SeenEvent[], attack: Attack): SeenEvent[] =>
      eventsOfAttack(events, attack, suite.field.agentPid);

    beforeAll(async () => {
      const guest = await Guest.boot({
        kernel: configuration.kernel,
        ...(configuration.cmdline === undefined ? {} : { cmdline: configuration.cmdline }),
        memory: "1536M",
      });
      suite.field = new Field(guest);
      await suite.field.findModules();
      await prepareMachine(suite.field);
      suite.victim = await suite.field.person();
      suite.neighbour = await suite.field.person();
      // One road looks from outside at a process in a pid namespace of its own: the victim's child.
      suite.field.namespaced = (await suite.field.tell(suite.victim, "pidns")).childPid;
      await suite.field.hold([suite.victim, suite.neighbour]);
      suite.roads = new Map();
      suite.firstRoad = firstRoad;
      for (const vector of vectorNames) {
        const roads = await suite.field.roads(vector);
        suite.roads.set(vector, everyOne ? roads : briefRoads(configuration.kernel, vector, roads));
      }
    }, 600_000);

    afterAll(async () => {
      await suite.field?.guest.close();
    });

    test("without the agent every attack succeeds", async () => {
      for (const [vector, road] of everyRoad()) {
        const cell = record.cell(vector, road);
        const deadly = onlyRefused[`${vector}/${road}`];
        if (deadly !== undefined) {
          cell.without = cell.detect = "not tried";
          cell.reason = deadly;
          continue;
        }
        const attack = await suite.field.attack(vector, road, suite.victim);
        if (attack.status === 2) {
          expect(impossible[`${vector}/${road}`] ?? [], `${vector}/${road}: ${attack.truth?.why}`).toContain(
            configuration.kernel,
          );
          cell.without = "not possible here";
          cell.reason = attack.truth?.why ?? "the trigger could not try";
          cell.detect = cell.enforce = "not possible here";
          continue;
        }
        expect({ vector, road, ...attack.truth }, "attack without the agent").toMatchObject({ succeeded: true });
        cell.without = "succeeded";
        possible.add(`${vector}/${road}`);
      }
      for (const vector of vectorNames) {
        const tried = [...possible].some((key) => key.startsWith(`${vector}/`));
        expect(tried, `no road of ${vector} works here without the agent`).toBe(true);
      }
    }, 600_000);

    harmlessFormTests(suite);

    test("detect: every attack goes on, with one event", async () => {
      await suite.field.startAgent(everything("detect"));
      const status = JSON.parse((await suite.field.control("GET", "/v1/status")).stdout) as { form: string };
      expect(status.form).toBe(configuration.form);
      await suite.field.protect(suite.victim.pid, "victim");
      await giveSecret(suite.field, "victim");
      // That a guard only reports in this mode is shown by one road of each vector; enforce has all of them.
      const attacks = await run(
        (vector, road) => suite.field.attack(vector, road, suite.victim),
        (vector, road) => isWhole || allInDetect(vector) || road === firstRoad(vector),
      );
      const events = await suite.field.events(reportedAll(attacks));
      for (const [vector, road, attack] of attacks) {
        expect({ vector, road, ...attack.truth }).toMatchObject({ succeeded: true });
        if (!silentInDetect.has(`${vector}/${road}`)) {
          expect(eventsOf(events, attack), `events of ${vector}/${road}`).toMatchObject([
            {
              vector,
              type: vectorTable[vector as keyof typeof vectorTable].eventType,
              outcome: "observed",
              killed: false,
            },
          ]);
        }
        record.cell(vector, road).detect = "observed";
      }
    }, 600_000);

    test("enforce: every attack is refused, with one event", async () => {
      await suite.field.reconfigure(everything("enforce"));
      for (const road of Object.keys(onlyRefused)) possible.add(road);
      const attacks = await run((vector, road) => suite.field.attack(vector, road, suite.victim));
      const events = await suite.field.events(reportedAll(attacks));
      for (const [vector, road, attack] of attacks) {
        const silent = silentRoads.has(`${vector}/${road}`);
        expect({ vector, road, ...attack.truth }).toMatchObject({
          succeeded: false,
          ...(silent ? {} : { errnoName: errnoOf(vector, road) }),
        });
        expect(attack.truth?.got).toBe("");
        expect(eventsOf(events, attack), `events of ${vector}/${road}`).toMatchObject([
          { vector, outcome: "denied", killed: false },
        ]);
        record.cell(vector, road).enforce = "denied";
      }
      expect(events.map((event) => JSON.stringify(event)).join("\n")).not.toMatch(
        new RegExp(`${suite.victim.secret}|${leakSecret}`),
      );
    }, 600_000);

    test("an unprotected neighbour stays reachable", async () => {
      for (const vector of vectorNames) {
        if (vectorTable[vector].scope === "node") continue;
        const road = firstRoad(vector);
        const attack = await suite.field.attack(vector, road, suite.neighbour);
        expect({ vector, road, ...attack.truth }).toMatchObject({ succeeded: true });
      }
    }, 300_000);

    const onKernels = everyOne ? test : () => {};
    onKernels(
      "refused with the ring full, and every attempt counted",
      async () => {
        const before = await suite.field.counts();
        await suite.field.signalAgent("STOP");
        // Each offender makes one event, so it takes many of them to fill the ring (2,048 records).
        const argv = [`${triggerDir}/flood`, "2600", `/proc/${suite.victim.pid}/environ`];
        const flood = await suite.field.guest.run(argv, { timeoutSeconds: 300 });
        expect(flood.stdout.trim()).toBe("2600");
        const attacks = await run(
          (vector, road) => suite.field.attack(vector, road, suite.victim),
          (vector, road) => road === firstRoad(vector) && !needAgent.has(vector),
        );
        await suite.field.signalAgent("CONT");
        for (const [vector, road, attack] of attacks) {
          expect({ vector, road, ...attack.truth }).toMatchObject({ succeeded: false });
        }
        const after = await suite.field.counts();
        const environs = attacks.filter(([vector]) => vector === "environ_read").length;
        expect((after.get("environ_read denied") ?? 0) - (before.get("environ_read denied") ?? 0)).toBe(
          2600 + environs,
        );
        const status = JSON.parse((await suite.field.control("GET", "/v1/status")).stdout) as {
          losses: Record<string, string>;
        };
        expect(Number(status.losses["ring_full"])).toBeGreaterThan(0);
        await suite.field.forgetEvents();
      },
      300_000,
    );

    if (isWhole ? whole : configuration.name === "6.12") foldTests(suite, eventsOf);
    if (isWhole && hasOwnKernel) oneSelftest(suite);
    // The rest does not depend on the kernel.
    if (configuration.name === "6.12") selftestTests(suite);

    onKernels(
      "killed when kill is on",
      async () => {
        await suite.field.reconfigure(everything("enforce", { kill: true }));
        try {
          const before = (await suite.field.events()).length;
          for (const vector of vectorNames) {
            const attack = await suite.field.attack(
              vector,
              quietRoads[vector] ?? firstRoad(vector),
              suite.victim,
              killPatienceSeconds,
            );
            expect(attack.status, `${vector}: status of the killed attacker`).toBe(137);
          }
          // A killed attacker cannot tell its pid: its event is the one of its vector. What was refused with the ring full may
          // still be told; nobody died of that.
          const ofVector = (events: SeenEvent[], vector: string): SeenEvent[] =>
            events.slice(before).filter((event) => event.vector === vector && event.killed);
          const events = await suite.field.events((seen) =>
            vectorNames.every((vector) => ofVector(seen, vector).length > 0),
          );
          for (const vector of vectorNames) {
            expect(ofVector(events, vector), vector).toMatchObject([{ outcome: "denied", killed: true }]);
          }
        } finally {
          await suite.field.reconfigure(everything("enforce"));
        }
      },
      300_000,
    );

    if (isWhole ? hasOwnKernel : oneOfForm) leakCaseTests(suite, configuration.kernel);
    if (whole) {
      const cgroups = cgroupTests(suite, configuration.name);
      lifeTests(suite, cgroups);
      cgroups.endTests();
      pipeTests(suite, configuration.kernel);
    }
    // What the agent makes of a start that goes wrong, and of lists and changes of policy, depends on the form at most.
    if (isWhole && oneOfForm) badStartTests(suite);
    if (whole) benignTests(suite);
    policyTests(suite, isWhole ? oneOfForm : configuration.name === "6.12");
    soundnessTests(suite, configuration.name);

    test("node-wide guards sleep when nothing is protected", async () => {
      await suite.field.unprotect("victim");
      const { truth } = await suite.field.attack("module_load", "finit_module", suite.victim);
      expect({ ...truth }).toMatchObject({ succeeded: true });
      expect(await suite.field.stopAgent()).toBe(0);
    }, 300_000);

    test("the matrix has no empty cell", async () => {
      const { stdout } = await suite.field.sh("uname -r");
      record.write({ release: stdout.trim(), form: configuration.form, soundness: "" });
      for (const [vector, road] of everyRoad()) {
        const cell = record.cell(vector, road);
        expect(cell, `${vector}/${road}`).toSatisfy(() => cell.enforce === "denied" || cell.reason !== "");
      }
    });

    /** Every attack whose event names the attacker has one. */
    function reportedAll(attacks: readonly [string, string, Attack][]): (events: SeenEvent[]) => boolean {
      const loud = attacks.filter(([vector, road]) => !silentRoads.has(`${vector}/${road}`));
      return (events) => loud.every(([, , attack]) => eventsOf(events, attack).length > 0);
    }

    async function run(
      attack: (vector: string, road: string) => Promise<Attack>,
      isWanted: (vector: string, road: string) => boolean = () => true,
    ): Promise<[string, string, Attack][]> {
      const results: [string, string, Attack][] = [];
      for (const [vector, road] of everyRoad()) {
        if (!possible.has(`${vector}/${road}`) || !isWanted(vector, road)) continue;
        results.push([vector, road, await attack(vector, road)]);
      }
      return results;
    }

    function firstRoad(vector: string): string {
      return (suite.roads.get(vector) ?? []).find((road) => possible.has(`${vector}/${road}`)) ?? "";
    }
  });
}
