// SPDX-License-Identifier: Apache-2.0
// Runtimes that open a debugger when a signal asks for it: a real Node.js, and a program that goes by the JVM's name.
import { expect, test } from "vitest";
import type { Suite } from "./suite.js";

/** Says its process id when it can be signalled. */
const node = (port: number): string =>
  `$(command -v node || echo /opt/node/node) --inspect-port=${port} -e 'console.log(process.pid); setInterval(() => {}, 1000)'`;

const java = `/tmp/java -c '
import os, signal, time
signal.signal(signal.SIGQUIT, lambda *_: print("attached", flush=True))
print(os.getpid(), flush=True)
while True: time.sleep(1)'`;

export function debuggerTests(suite: Suite): void {
  /** Its process id and the file with what it says. */
  async function started(command: string, name: string): Promise<{ pid: number; said: string }> {
    const said = `/tmp/debugger-${name}`;
    const { stdout } = await suite.field.sh(
      `${command} >${said} 2>&1 </dev/null & until grep -q . ${said}; do sleep 0.1; done; head -1 ${said}`,
    );
    expect(stdout.trim()).toMatch(/^\d+$/);
    return { pid: Number(stdout), said };
  }

  /** Both are asked; the neighbour has opened when this returns. */
  async function asked(signal: string, victim: number, neighbour: number, isOpen: string): Promise<string> {
    const { status, stderr } = await suite.field.sh(
      `kill -${signal} ${neighbour} && kill -${signal} ${victim}; status=$?
      until ${isOpen}; do sleep 0.2; done; exit $status`,
    );
    expect(status).not.toBe(0);
    return stderr;
  }

  const answers = (port: number): string =>
    `python3 -c "import urllib.request as u; print(u.urlopen('http://127.0.0.1:${port}/json').read())" 2>&1`;

  test("a signal opens no debugger in a protected process, and does in its neighbour", async () => {
    const { field } = suite;
    await field.sh("cp $(readlink -f $(command -v python3)) /tmp/java");
    const script = [await started(node(9301), "node"), await started(node(9302), "other-node")] as const;
    const machine = [await started(java, "java"), await started(java, "other-java")] as const;
    for (const [victim] of [script, machine]) await field.protect(victim.pid, "runtime");

    const opened = `${answers(9302)} | grep -q webSocketDebuggerUrl`;
    expect(await asked("USR1", script[0].pid, script[1].pid, opened)).toContain("not permitted");
    expect((await field.sh(answers(9301))).stdout).toContain("refused");

    const attached = `grep -q attached ${machine[1].said}`;
    expect(await asked("QUIT", machine[0].pid, machine[1].pid, attached)).toContain("not permitted");
    expect((await field.sh(`cat ${machine[0].said}`)).stdout).not.toContain("attached");

    const ofThese = ({ pid }: { pid: number }) => pid === script[0].pid || pid === machine[0].pid;
    const events = (await field.events((seen) => seen.filter(({ target }) => target && ofThese(target)).length >= 2))
      .filter(({ target }) => target && ofThese(target))
      .map(({ vector, outcome, detail, count }) => ({ vector, outcome, signal: detail["signal"], count }));
    const denied = { vector: "coredump_signal", outcome: "denied", count: 1 };
    expect(events).toEqual([
      { ...denied, signal: 10 },
      { ...denied, signal: 3 },
    ]);
    await field.sh(`kill -9 ${[...script, ...machine].map(({ pid }) => pid).join(" ")}`);
    await field.forgetEvents();
  }, 400_000);
}
