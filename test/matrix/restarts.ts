// SPDX-License-Identifier: Apache-2.0
// The lines of the unit that start the agent again: one that is killed or stands still is replaced by the next without
// anybody's doing, its guards refuse all the while, and who is to stay down stays down.
import { expect, test } from "vitest";
import { inAll } from "./extent.js";
import type { Field, Person, Truth } from "./field.js";
import { installUnit } from "./managed.js";

/** A signal from a shell reaches the agent, and is told of. */
const reachable = {
  mode: "enforce",
  selfProtection: true,
  nodeGuards: "always",
  vectors: { agent_signal: { mode: "detect" } },
};

export function restartTests(fieldOf: () => Field): void {
  let victim: Person;
  let neighbour: Person;

  const show = async (what: string): Promise<string> =>
    (await fieldOf().sh(`systemctl show -P ${what} cloudtaser`)).stdout.trim();

  async function attackOn(person: Person): Promise<Partial<Truth> | undefined> {
    return (await fieldOf().attack("environ_read", "default", person)).truth;
  }

  /**
   * Does that to the agent, then looks at the victim again and again until another one is active.
   * @returns what became of each look, and the agent that is active then
   */
  async function untilAnother(signal: string, before: string): Promise<{ looks: Truth[]; active: string }> {
    const look = fieldOf().attackCommand("environ_read", "default", victim).join(" ");
    const { stdout } = await fieldOf().sh(
      `kill -${signal} ${before}
      for i in $(seq 3000); do
        ${look}
        p=$(systemctl show -P MainPID cloudtaser)
        [ "$p" != ${before} ] && [ "$p" != 0 ] && [ "$(systemctl is-active cloudtaser)" = active ] && break
      done
      echo $p`,
      500,
    );
    const lines = stdout.trim().split("\n");
    const looks = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Truth);
    return { looks, active: lines.at(-1) ?? "" };
  }

  async function replaced(signal: string, how: string): Promise<void> {
    const before = await show("MainPID");
    const restarts = Number(await show("NRestarts"));
    const { looks, active } = await untilAnother(signal, before);
    expect(looks.length, "the first of them at once").toBeGreaterThan(1);
    const through = looks.filter(({ succeeded, errnoName, got }) => succeeded || errnoName !== "EPERM" || got !== "");
    expect(through).toEqual([]);
    expect(active).toMatch(/^[1-9]\d*$/);
    expect(active).not.toBe(before);
    expect(await fieldOf().sh(`[ ! -e /proc/${before} ]`), "the old one is gone").toMatchObject({ status: 0 });
    expect(Number(await show("NRestarts"))).toBe(restarts + 1);
    // It has taken over: the doors are those that stood, and who was protected still is, under his name.
    const { stdout } = await fieldOf().control("GET", "/v1/status");
    expect(JSON.parse(stdout)).toMatchObject({ pid: Number(active), ready: true, notReady: [] });
    const { processes } = JSON.parse(stdout) as { processes: { pid: number; workload: string }[] };
    expect(processes).toContainEqual(expect.objectContaining({ pid: victim.pid, workload: "victim" }));
    const { stdout: log } = await fieldOf().sh(`journalctl -u cloudtaser -o cat _PID=${active}`);
    expect(log).toContain('"kept":true');
    const { stdout: manager } = await fieldOf().sh("journalctl -u cloudtaser -o cat");
    expect(manager).toMatch(new RegExp(how));
    expect(await attackOn(victim)).toMatchObject({ succeeded: false, errnoName: "EPERM", got: "" });
    expect(await attackOn(neighbour)).toMatchObject({ succeeded: true });
  }

  test("an agent that is killed is started again by the service manager, and nothing opens meanwhile", async () => {
    const field = fieldOf();
    await field.sh("systemctl stop cloudtaser; systemctl reset-failed cloudtaser", 300);
    await installUnit(field);
    await field.writeConfig(reachable);
    expect(await field.sh("systemctl start cloudtaser", 300)).toMatchObject({ status: 0 });
    // Nothing here says otherwise.
    for (const [line, value] of [
      ["Restart", "on-failure"],
      ["RestartUSec", "500ms"],
      ["RestartPreventExitStatus", "8"],
      ["WatchdogUSec", "1min"],
    ] as const) {
      expect(await show(line), line).toBe(value);
    }
    victim = await field.person();
    neighbour = await field.person();
    expect(await attackOn(victim), "before it is protected").toMatchObject({ succeeded: true });
    await field.protect(victim.pid, "victim");
    await replaced("KILL", "code=killed, status=9/KILL");
  }, 900_000);

  inAll(
    "one that stands still past the watchdog is ended and started again, and nothing opens meanwhile",
    () => replaced("STOP", "Watchdog timeout"),
    900_000,
  );

  test("one that is not to run here ends with status 8 and stays down; one that fails is tried again", async () => {
    const field = fieldOf();
    await field.sh("systemctl stop cloudtaser", 300);
    const rescue = "/run/rescue-cmdline";
    await field.sh(`{ tr -d '\\n' </proc/cmdline; echo ' cloudtaser=off'; } > ${rescue}`);
    expect(await field.sh(`mount --bind ${rescue} /proc/cmdline`)).toMatchObject({ status: 0 });
    expect((await field.sh("systemctl start cloudtaser", 300)).status).not.toBe(0);
    expect(await show("ExecMainStatus")).toBe("8");
    // Whoever is to be started again is "activating" from his end on.
    expect(await show("ActiveState")).toBe("failed");
    expect(await field.sh("umount /proc/cmdline && systemctl reset-failed cloudtaser")).toMatchObject({ status: 0 });
    await field.writeConfig({ mode: "nonsense" });
    expect((await field.sh("systemctl start cloudtaser", 300)).status).not.toBe(0);
    expect(await show("ExecMainStatus")).not.toBe("8");
    await expect.poll(() => show("NRestarts"), { timeout: 120_000, interval: 500 }).not.toBe("0");
    await field.writeConfig(reachable);
    await expect.poll(() => show("ActiveState"), { timeout: 240_000, interval: 1_000 }).toBe("active");
    await field.sh("systemctl stop cloudtaser", 300);
  }, 900_000);
}
