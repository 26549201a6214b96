// SPDX-License-Identifier: Apache-2.0
// The signal form on a real kernel: nothing is refused, the offender dies, and the test says what it had in hand by then.
// A kernel without BPF trampolines is not at hand; this one has them, and the form is chosen by configuration.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Mode, vectorNames, vectorTable } from "../../src/vectors/index.js";
import { Guest } from "../lab/guest.js";
import { everything } from "./everything.js";
import { eventsFile, Field, type Person, type SeenEvent, type Truth, triggerDir } from "./field.js";
import { prepareMachine } from "./machine.js";
import { giveSecret } from "./secret.js";
import { keepFigures, soundnessOf, standing } from "./soundness.js";
import { sparedTests } from "./spared.js";

const late = "kills after the fact";

/** Nothing is pinned in this form: what the attack then removes is a stand-in, of no concern to the agent. */
const pointless = "pin_remove";

/** The attacker is another process. */
const foreign = vectorNames.filter((vector) => vectorTable[vector].scope !== "own");

interface Window {
  /** How the attacker ended: 9, or 0 for by itself. */
  signal: number;
  /** What it got hold of. */
  bytes: number;
  /** The end of it. */
  tail: string;
}

/** Where the kernel gives a dying process nothing; the layout, which it does give; what holds the whole secret. */
const shut = ["process_vm", "environ", "environ_shared", "mem_shared", "program_shared"] as const;
const open = ["link_shared", "getfd_shared"] as const;
const windows = [...shut, "maps_shared", ...open] as const;

export interface LateField {
  field: Field;
  victim: Person;
  neighbour: Person;
}

export const inForm = (mode: Mode, more: Record<string, unknown> = {}): Record<string, unknown> =>
  everything(mode, { form: "signal", ...more });

export function describeSignalForm(kernel: string): void {
  describe(`signal form on ${kernel}`, () => {
    const suite = {} as LateField;
    let attacks: string[] = [];

    beforeAll(async () => {
      suite.field = new Field(await Guest.boot({ kernel, memory: "1536M" }));
      await suite.field.findModules();
      await prepareMachine(suite.field);
      suite.victim = await suite.field.person();
      suite.neighbour = await suite.field.person();
      await suite.field.hold([suite.victim, suite.neighbour]);
      const asked = foreign.map((vector) => `${triggerDir}/${vector} --list-roads; echo`).join("; ");
      const { stdout } = await suite.field.sh(asked);
      attacks = stdout
        .trim()
        .split(/\n+/)
        .map((line) => (JSON.parse(line) as string[])[0] ?? "");
      expect(attacks).toHaveLength(foreign.length);
    }, 600_000);

    afterAll(async () => {
      await suite.field?.guest.close();
    });

    async function look(road: string, on: Person): Promise<Window> {
      const argv = [`${triggerDir}/window`, road, `${on.pid}`, on.address, `${on.length}`, `${on.fd}`];
      return JSON.parse((await suite.field.guest.run(argv)).stdout) as Window;
    }

    /**
     * The first road of each vector, and what was reported of it. Whoever was killed leaves no line. The agent is woken
     * from the stop that an attach leaves behind.
     */
    async function attackAll(lingerSeconds: number): Promise<[string, number, Truth | undefined, SeenEvent[]][]> {
      const { field, victim } = suite;
      const script = foreign.map((vector, at) => {
        // Its offender is not the caller: killed from user space, for which it waits.
        const linger = vector === "ptrace_traceme" ? lingerSeconds : 0;
        const command = field.attackCommand(vector, attacks[at] ?? "", victim, linger);
        return `${command.join(" ")}; echo "=$?"; kill -CONT ${field.agentPid}`;
      });
      const { stdout } = await field.sh(script.join("\n"), 300);
      const results = stdout.split(/=(\d+)\n/);
      const seen = await field.events((events) =>
        foreign.every((vector) => vector === pointless || events.some((event) => event.vector === vector)),
      );
      await field.sh(`rmmod dummy; : > ${eventsFile}`);
      return foreign.map((vector, at) => {
        const said = (results[2 * at] ?? "").trim();
        const truth = said.startsWith("{") ? (JSON.parse(said) as Truth) : undefined;
        return [vector, Number(results[2 * at + 1]), truth, seen.filter((event) => event.vector === vector)];
      });
    }

    test("without the agent the windows stand wide open", async () => {
      for (const road of windows) {
        const { signal, bytes } = await look(road, suite.victim);
        expect({ road, signal, bytes }).toMatchObject({ signal: 0 });
        expect(bytes, road).toBeGreaterThan(0);
      }
    }, 300_000);

    test("the agent says what this form is worth", async () => {
      const { field } = suite;
      await field.startAgent(inForm("detect"));
      await field.protect(suite.victim.pid, "victim");
      const status = await standing(field);
      expect(status).toMatchObject({ ready: true, form: "signal" });
      expect(status.doors.filter(({ proved }) => !proved)).toEqual([]);
      expect(new Set(status.doors.map(({ soundness }) => soundness))).toEqual(new Set([late]));
      expect(status.warnings.join("\n")).toMatch(/refuses nothing.*killed after the fact.*Nothing is pinned/);
      expect(field.agent?.stderr).toMatch(/kills after the fact.*not sound on this kernel/);
      const said = await soundnessOf(field);
      expect(said.get("environ_read")).toBe(late);
      expect(said.get("module_load")).toBe(`${late}; the effect may stay`);
      expect(said.get("agent_signal")).toBe(`${late}; the effect may stay`);
      expect(said.get("pin_remove")).toMatch(/nothing is pinned/);
      expect(said.get("preload")).toMatch(/reported only/);
      const { stdout } = await field.sh(
        `python3 -c "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9090/metrics').read().decode())"`,
      );
      expect(stdout).toMatch(/^cloudtaser_form\{form="signal"\} [1-9]\d*$/m);
      expect(stdout).toMatch(/^cloudtaser_unsound_doors [1-9]\d*$/m);
    }, 400_000);

    test("detect: every attack goes on and nobody dies", async () => {
      for (const [vector, status, truth, events] of await attackAll(0)) {
        expect({ vector, status, ...truth }).toMatchObject({ status: 0, succeeded: true });
        expect(events, vector).toHaveLength(vector === pointless ? 0 : 1);
        for (const event of events) {
          expect(event, vector).toMatchObject({ outcome: "observed", killed: false, leakWindow: false, count: 1 });
        }
      }
    }, 600_000);

    test("enforce: every offender dies by SIGKILL after the fact, and one event says so", async () => {
      const { field, victim } = suite;
      await field.reconfigure(inForm("enforce"));
      for (const [vector, status, truth, events] of await attackAll(20)) {
        // What the protected process was made to do itself is reported, and it lives on.
        const spared = vector === "preload";
        if (vector === pointless || spared) expect({ vector, status, ...truth }).toMatchObject({ status: 0 });
        else expect({ vector, status }).toEqual({ vector, status: 137 });
        expect(events, vector).toHaveLength(vector === pointless ? 0 : 1);
        for (const event of events) {
          const outcome = spared ? "observed" : "killed";
          expect(event, vector).toMatchObject({ mode: "enforce", error: null, leakWindow: true, outcome });
          expect(event.killed, vector).toBe(!spared);
        }
      }
      // The stop that an attach sends outlives the tracer: nothing takes it back but SIGCONT.
      const { stdout } = await field.sh(`grep State: /proc/${victim.pid}/status; kill -CONT ${victim.pid}`);
      expect(stdout).toMatch(/T \(stopped\)/);
    }, 600_000);

    test("what a protected process does itself is reported, and it lives on", async () => {
      const { field, victim } = suite;
      // What was written cannot be taken back: in this form nothing looks for secrets.
      await expect(giveSecret(field, "victim")).rejects.toThrow("signal");
      const own = vectorNames.filter(
        (vector) => vectorTable[vector].scope === "own" && vectorTable[vector].eventType !== "SECRET_LEAK",
      );
      for (const vector of own) {
        const [road = ""] = await field.roads(vector);
        const { status, truth } = await field.attack(vector, road, victim);
        expect({ vector, status, ...truth }).toMatchObject({ status: 0, succeeded: true });
        const seen = (events: SeenEvent[]) => events.filter(({ offender }) => offender.pid === truth?.pid);
        const events = seen(await field.events((all) => seen(all).length > 0));
        expect(events, vector).toMatchObject([{ vector, outcome: "observed", mode: "enforce", leakWindow: true }]);
        expect(events[0]?.killed, vector).toBe(false);
      }
      await field.forgetEvents();
    }, 300_000);

    test("the window, measured", async () => {
      const { victim } = suite;
      const figures: Record<string, Window> = {};
      for (const road of windows) figures[road] = await look(road, victim);
      keepFigures(`signal-${kernel}`, { ...figures, secret: `${victim.length} bytes` });
      process.stdout.write(`signal form on ${kernel}: ${JSON.stringify(figures)}\n`);
      for (const road of windows) expect({ road, ...figures[road] }).toMatchObject({ signal: 9 });
      // The kernel copies no memory for a process that is dying.
      for (const road of shut) expect(figures[road], road).toMatchObject({ bytes: 0 });
      // A descriptor in a table that others share outlives its taker: the whole secret is gone.
      for (const road of open) expect(figures[road]?.tail, road).toBe(victim.secret.slice(-24));
    }, 300_000);

    test("nothing is written either", async () => {
      const { field, victim } = suite;
      const fresh = await field.person();
      await field.protect(fresh.pid, "fresh");
      const before = await field.tell(fresh, "scratch");
      // Observed only, the same attacks left their mark.
      expect(await field.tell(victim, "scratch")).not.toEqual(before);
      for (const vector of ["procmem_write", "process_vm_write"])
        expect(await field.attack(vector, "default", fresh), vector).toMatchObject({ status: 137 });
      expect(await field.tell(fresh, "scratch")).toEqual(before);
      await field.forgetEvents();
    }, 300_000);

    sparedTests(suite);

    test("protection follows fork and exec, and ends with the process", async () => {
      const { field } = suite;
      const open = (on: Person): Promise<{ status: number }> => field.attack("environ_read", "default", on);
      const { childPid } = await field.tell(suite.victim, "fork");
      expect(await open({ ...suite.victim, pid: childPid })).toMatchObject({ status: 137 });
      for (const verb of ["exec", "exec_thread"]) {
        suite.victim = { ...(await field.tell(suite.victim, verb)), command: suite.victim.command };
        expect(await open(suite.victim), verb).toMatchObject({ status: 137 });
      }
      const person = await field.person();
      await field.protect(person.pid, "short-lived");
      await field.sh(`kill -9 ${person.pid}`);
      await person.command.done;
      const listed = async (): Promise<boolean> =>
        (await field.control("GET", "/v1/status")).stdout.includes(`"workload":"short-lived"`);
      await expect.poll(listed, { timeout: 60_000, interval: 200 }).toBe(false);
    }, 300_000);

    test("the guards end with the agent, and leave nothing", async () => {
      const { field, victim } = suite;
      await field.signalAgent("KILL");
      await field.agent?.done;
      const { truth } = await field.attack("environ_read", "default", victim);
      expect({ ...truth }).toMatchObject({ succeeded: true });
      expect((await field.sh("ls /sys/fs/bpf; bpftool prog show | grep -o 'name ct_[a-z_]*'")).stdout.trim()).toBe("");
    }, 300_000);
  });
}
