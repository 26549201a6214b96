// SPDX-License-Identifier: Apache-2.0
// The signal form on a real kernel: nothing is refused, the offender dies, and the test says what it had in hand by then.
// A kernel without BPF trampolines is not at hand; this one has them, and the form is chosen by configuration.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Mode, vectorNames } from "../../src/vectors/index.js";
import { Guest } from "../lab/guest.js";
import { everything } from "./everything.js";
import { Field, type Person, type SeenEvent, triggerDir } from "./field.js";
import { prepareMachine } from "./machine.js";
import { keepFigures, soundnessOf, standing } from "./soundness.js";

const late = "kills after the fact";

interface Window {
  /** How the attacker ended: 9, or 0 for by itself. */
  signal: number;
  /** What it got hold of. */
  bytes: number;
  /** The end of it. */
  tail: string;
}

const windows = ["process_vm", "environ", "environ_shared", "getfd_shared"] as const;

const inForm = (mode: Mode): Record<string, unknown> => everything(mode, { form: "signal" });

export function describeSignalForm(kernel: string): void {
  describe(`signal form on ${kernel}`, () => {
    let field: Field;
    let victim: Person;
    let neighbour: Person;

    beforeAll(async () => {
      field = new Field(await Guest.boot({ kernel, memory: "1536M" }));
      await field.findModules();
      await prepareMachine(field);
      victim = await field.person();
      neighbour = await field.person();
      await field.hold([victim, neighbour]);
    }, 600_000);

    afterAll(async () => {
      await field?.guest.close();
    });

    async function look(road: string, on: Person): Promise<Window> {
      const argv = [`${triggerDir}/window`, road, `${on.pid}`, on.address, `${on.length}`, `${on.fd}`];
      return JSON.parse((await field.guest.run(argv)).stdout) as Window;
    }

    /** The first road of each vector, and what was reported of it. */
    async function attackAll(): Promise<[string, number, SeenEvent[]][]> {
      const results: [string, number, number][] = [];
      for (const vector of vectorNames) {
        const [road = ""] = await field.roads(vector);
        const { status, truth } = await field.attack(vector, road, victim);
        results.push([vector, status, truth?.pid ?? 0]);
      }
      const seen = await field.events((events) => results.every(([vector]) => events.some((e) => e.vector === vector)));
      return results.map(([vector, status]) => [vector, status, seen.filter((event) => event.vector === vector)]);
    }

    test("without the agent the windows stand wide open", async () => {
      for (const road of windows) {
        const { signal, bytes } = await look(road, victim);
        expect({ road, signal, bytes }).toMatchObject({ signal: 0 });
        expect(bytes, road).toBeGreaterThan(0);
      }
    }, 300_000);

    test("the agent says what this form is worth", async () => {
      await field.startAgent(inForm("detect"), 240_000);
      await field.protect(victim.pid, "victim");
      const status = await standing(field);
      expect(status).toMatchObject({ ready: true, form: "signal" });
      expect(new Set(status.doors.map(({ soundness }) => soundness))).toEqual(new Set([late]));
      expect(status.warnings.join("\n")).toMatch(/refuses nothing.*killed after the fact/);
      expect(field.agent?.stderr).toMatch(/kills after the fact.*not sound on this kernel/);
      const said = await soundnessOf(field);
      expect(said.get("environ_read")).toBe(late);
      expect(said.get("module_load")).toBe(`${late}; the effect may stay`);
      const { stdout } = await field.sh(
        `python3 -c "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9090/metrics').read().decode())"`,
      );
      expect(stdout).toMatch(/^cloudtaser_door_attached\{door="file_open",form="signal"\} 1$/m);
      expect(stdout).toMatch(/^cloudtaser_door_sound\{door="file_open"\} 0$/m);
    }, 400_000);

    test("detect: every attack goes on and nobody dies", async () => {
      for (const [vector, status, events] of await attackAll()) {
        expect(status, vector).toBe(0);
        expect(events, vector).not.toEqual([]);
        for (const event of events) {
          expect(event, vector).toMatchObject({ outcome: "observed", killed: false, leakWindow: false });
        }
      }
      await field.sh("rmmod dummy");
      await field.forgetEvents();
    }, 600_000);

    test("enforce: every offender dies by SIGKILL after the fact, and the event says so", async () => {
      await field.reconfigure(inForm("enforce"));
      for (const [vector, status, events] of await attackAll()) {
        // Its offender is the parent, not the caller: killed from user space, if it is still there.
        const fromUserSpace = vector === "ptrace_traceme";
        if (!fromUserSpace) expect(status, vector).toBe(137);
        expect(events, vector).toHaveLength(1);
        expect(events[0], vector).toMatchObject({ mode: "enforce", error: null, leakWindow: true });
        if (!fromUserSpace) expect(events[0], vector).toMatchObject({ outcome: "killed", killed: true });
      }
      await field.sh("rmmod dummy");
      // The stop that an attach sends outlives the tracer: nothing takes it back but SIGCONT.
      const { stdout } = await field.sh(`grep State: /proc/${victim.pid}/status; kill -CONT ${victim.pid}`);
      expect(stdout).toMatch(/T \(stopped\)/);
    }, 600_000);

    test("the window, measured", async () => {
      const figures: Record<string, Window> = {};
      for (const road of windows) figures[road] = await look(road, victim);
      keepFigures(`signal-${kernel}`, { ...figures, secret: `${victim.length} bytes` });
      for (const road of windows) expect({ road, ...figures[road] }).toMatchObject({ signal: 9 });
      // The kernel copies no memory for a process that is dying, and the second call of two is never made.
      for (const road of ["process_vm", "environ", "environ_shared"])
        expect(figures[road], road).toMatchObject({ bytes: 0 });
      // A descriptor in a table that others share outlives its taker: the whole secret is gone.
      expect(figures["getfd_shared"]?.tail).toBe(victim.secret.slice(-24));
      process.stdout.write(`signal form on ${kernel}: ${JSON.stringify(figures)}\n`);
    }, 300_000);

    test("nobody dies for a module that the kernel asks for, and the neighbour stays reachable", async () => {
      const request = await field.attack("module_load", "request", victim);
      // The modprobe that the kernel starts for it does; whether the module gets in all the same is a race.
      expect([0, 1]).toContain(request.status);
      for (const vector of ["environ_read", "process_vm_read", "ptrace_attach"]) {
        const [road = ""] = await field.roads(vector);
        const { truth } = await field.attack(vector, road, neighbour);
        expect({ vector, ...truth }).toMatchObject({ succeeded: true });
      }
    }, 300_000);

    test("protection follows fork and exec, and ends with the process", async () => {
      const { childPid } = await field.tell(victim, "fork");
      expect((await field.attack("environ_read", "default", { ...victim, pid: childPid })).status).toBe(137);
      victim = { ...(await field.tell(victim, "exec_thread")), command: victim.command };
      expect((await field.attack("environ_read", "default", victim)).status).toBe(137);
      const person = await field.person();
      await field.protect(person.pid, "short-lived");
      await field.sh(`kill -9 ${person.pid}`);
      await person.command.done;
      const listed = async (): Promise<boolean> =>
        (await field.control("GET", "/v1/status")).stdout.includes(`"workload":"short-lived"`);
      for (let tries = 0; tries < 50 && (await listed()); tries++) await new Promise((done) => setTimeout(done, 200));
      expect(await listed()).toBe(false);
    }, 300_000);

    test("the guards end with the agent, and leave nothing", async () => {
      await field.sh(`kill -9 ${field.agentPid}`);
      await field.agent?.done;
      const { truth } = await field.attack("environ_read", "default", victim);
      expect({ ...truth }).toMatchObject({ succeeded: true });
      expect((await field.sh("ls /sys/fs/bpf; bpftool prog show | grep -o 'name ct_[a-z_]*'")).stdout.trim()).toBe("");
    }, 300_000);
  });
}
