// SPDX-License-Identifier: Apache-2.0
// Whom the signal form must not kill, enforced: where nothing can be refused, a wrong kill is the worst that can happen.
import { expect, test } from "vitest";
import { everything } from "./everything.js";
import type { SeenEvent } from "./field.js";
import type { LateField } from "./late.js";

export function sparedTests(suite: LateField): void {
  const neither = { outcome: "observed", killed: false, leakWindow: true };

  async function reported(of: (event: SeenEvent) => boolean): Promise<SeenEvent[]> {
    const found = (await suite.field.events((events) => events.some(of))).filter(of);
    await suite.field.forgetEvents();
    return found;
  }

  test("process 1 is not killed for a signal that it sends", async () => {
    // What starts the commands of a guest is its process 1, which ends nobody by this: the victim survives it.
    suite.victim.command.kill("SIGABRT");
    const seen = await reported((event) => event.vector === "coredump_signal");
    expect(seen).toMatchObject([{ ...neither, offender: { pid: 1 } }]);
    expect((await suite.field.sh("cat /proc/1/comm")).status).toBe(0);
  }, 300_000);

  test("whoever is on an allow list is not killed, nor is a member of the workload", async () => {
    const { field, victim } = suite;
    for (const signal of ["STOP", "CONT"]) await field.signalAgent(signal);
    const command = field.guest.spawn(`echo $$; read go; exec head -c5 /proc/${victim.pid}/environ`);
    await command.waitForOutput(/\d+\n/);
    await field.protect(Number(command.stdout), "victim");
    command.write("go\n");
    expect((await command.done).status).toBe(0);
    expect(command.stdout.split("\n")[1]).toHaveLength(5);
    const { vectors, ...rest } = everything("enforce", { form: "signal" });
    const allow = [{ exe: "/usr/bin/head" }];
    await field.reconfigure({ ...rest, vectors: { ...(vectors as object), environ_read: { mode: "enforce", allow } } });
    expect(await field.sh(`head -c5 /proc/${victim.pid}/environ`)).toMatchObject({ status: 0 });
    expect(await field.sh(`cat /proc/${victim.pid}/environ`)).toMatchObject({ status: 137 });
    await field.reconfigure({ ...rest, vectors: vectors as object });
    expect(await field.sh(`head -c5 /proc/${victim.pid}/environ`)).toMatchObject({ status: 137 });
    expect((await field.events()).filter(({ offender }) => offender.comm === "allowed-kill")).toEqual([]);
    await field.forgetEvents();
  }, 300_000);

  test("nobody dies for a module that the kernel asks for", async () => {
    const { status } = await suite.field.attack("module_load", "request", suite.victim);
    // The modprobe that the kernel starts for it does, and is reported; whether the module gets in is a race.
    expect([0, 1]).toContain(status);
    const seen = await reported((event) => event.vector === "module_load");
    expect(new Set(seen.map(({ offender }) => offender.comm))).toEqual(new Set(["modprobe"]));
    for (const event of seen) expect(event).toMatchObject({ outcome: "killed", killed: true, leakWindow: true });
  }, 300_000);

  test("nobody dies for what a descriptor's owner is sent", async () => {
    const { status } = await suite.field.attack("coredump_signal", "sigio", suite.victim);
    expect(status).toBe(0);
    expect(await reported((event) => event.door === "file_send_sigiotask")).toMatchObject([neither]);
  }, 300_000);

  test("an unprotected neighbour stays reachable, and nobody dies on an idle machine", async () => {
    const { field, neighbour } = suite;
    for (const vector of ["environ_read", "process_vm_read", "ptrace_attach"]) {
      const [road = ""] = await field.roads(vector);
      const { truth } = await field.attack(vector, road, neighbour);
      expect({ vector, ...truth }).toMatchObject({ succeeded: true });
    }
    const harmless = [
      `ls -l /proc/${suite.victim.pid}/fd /proc/${suite.victim.pid}/ns`,
      `cat /proc/${suite.victim.pid}/stat /proc/${suite.victim.pid}/status /proc/${suite.victim.pid}/cmdline`,
      "mount -t tmpfs none /mnt && umount /mnt",
      "mkdir /sys/fs/bpf/others && rmdir /sys/fs/bpf/others",
      "umount /sys/fs/bpf && mount -t bpf bpf /sys/fs/bpf",
    ];
    for (const command of harmless) expect({ command, ...(await field.sh(command)) }).toMatchObject({ status: 0 });
    expect(await field.events()).toEqual([]);
  }, 300_000);
}
