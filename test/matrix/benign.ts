// SPDX-License-Identifier: Apache-2.0
// What must keep working in enforce mode while a process is protected: a refusal here is a defect.
import { expect, test } from "vitest";
import { looksAt } from "../benign/commands.js";
import { debuggerTests } from "./debugger.js";
import type { Suite } from "./suite.js";

export function benignTests(suite: Suite): void {
  test("ps, top, ls and the harmless files of /proc keep working on the protected process", async () => {
    const before = (await suite.field.events()).length;
    const pid = suite.victim.pid;
    const commands = [...looksAt(pid), "pgrep -x victim", "pidof victim", `lsof -p ${suite.neighbour.pid}`, "ss -p"];
    for (const command of commands) {
      const result = await suite.field.sh(command);
      expect({ command, status: result.status, stderr: result.stderr }).toMatchObject({ status: 0 });
    }
    // ps of procps 4 opens every environ, the agent's too, prints nothing of it, and goes on when it is refused: an attempt.
    const others = (await suite.field.events())
      .slice(before)
      .filter(({ vector, offender }) => !(["environ_read", "agent_access"].includes(vector) && offender.comm === "ps"));
    expect(others).toEqual([]);
  }, 300_000);

  test("a supervisor's signals arrive, SIGKILL included", async () => {
    const person = await suite.field.person();
    await suite.field.protect(person.pid, "supervised");
    const before = (await suite.field.events()).length;
    for (const signal of ["CONT", "WINCH", "URG", "STOP", "CONT", "KILL"]) {
      const result = await suite.field.sh(`kill -${signal} ${person.pid}`);
      expect({ signal, ...result }).toMatchObject({ status: 0 });
    }
    expect((await person.command.done).signal).toBe("SIGKILL");
    expect((await suite.field.events()).slice(before)).toEqual([]);
  }, 300_000);

  test("gdb and strace keep working on an unprotected process", async () => {
    const gdb = await suite.field.sh(`gdb -p ${suite.neighbour.pid} -batch -ex 'info threads' 2>&1`);
    expect(gdb.stdout).toMatch(/Thread|LWP|process/);
    expect(gdb.stdout).not.toMatch(/ptrace: Operation not permitted/);
    const strace = await suite.field.sh(`timeout -s INT 2 strace -p ${suite.neighbour.pid} 2>&1 || true`);
    expect(strace.stdout).toMatch(/attached/);
  }, 300_000);

  debuggerTests(suite);
}
