// SPDX-License-Identifier: Apache-2.0
// What must keep working in enforce mode while a process is protected: a refusal here is a defect.
import { expect, test } from "vitest";
import type { Suite } from "./state.js";

export function benignTests(suite: Suite): void {
  test("ps, top, ls and the harmless files of /proc keep working on the protected process", async () => {
    const before = (await suite.field.events()).length;
    const pid = suite.victim.pid;
    const commands = [
      `ps auxww | grep -w ${pid}`,
      "top -b -n1",
      `ls -l /proc/${pid}`,
      `ls -l /proc/${pid}/fd /proc/${pid}/ns`,
      `cat /proc/${pid}/stat /proc/${pid}/status /proc/${pid}/cmdline /proc/${pid}/comm /proc/${pid}/cgroup /proc/${pid}/limits`,
      `cat /proc/${pid}/io /proc/${pid}/mountinfo`,
      `stat -L /proc/${pid}/fd/0 /proc/${pid}/root /proc/${pid}/cwd`,
      `prlimit --pid ${pid}`,
      `cat /proc/${pid}/oom_score_adj /proc/${pid}/coredump_filter /proc/sys/kernel/core_pattern`,
      `readlink /proc/${pid}/exe /proc/${pid}/cwd /proc/${pid}/root`,
      "pgrep -x victim",
      "pidof victim",
      `lsof -p ${suite.neighbour.pid}`,
      "ss -p",
    ];
    for (const command of commands) {
      const result = await suite.field.sh(command);
      expect({ command, status: result.status, stderr: result.stderr }).toMatchObject({ status: 0 });
    }
    // ps of procps 4 opens every environ, prints nothing of it, and goes on when it is refused: that open is an attempt.
    const others = (await suite.field.events())
      .slice(before)
      .filter(({ vector, offender }) => !(vector === "environ_read" && offender.comm === "ps"));
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
  }, 60_000);

  test("gdb and strace keep working on an unprotected process", async () => {
    const gdb = await suite.field.sh(`gdb -p ${suite.neighbour.pid} -batch -ex 'info threads' 2>&1`);
    expect(gdb.stdout).toMatch(/Thread|LWP|process/);
    expect(gdb.stdout).not.toMatch(/ptrace: Operation not permitted/);
    const strace = await suite.field.sh(`timeout -s INT 2 strace -p ${suite.neighbour.pid} 2>&1 || true`);
    expect(strace.stdout).toMatch(/attached/);
  }, 300_000);
}
