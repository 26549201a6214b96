// SPDX-License-Identifier: Apache-2.0
// stress-ng beside protected processes: no refusal for what it does to itself, no complaint of the kernel, services alive.
import { expect, test } from "vitest";
import type { Node } from "./machine.js";

const minutes = 60_000;

/** One worker each, a bounded number of operations; without root where a stressor would hurt the guest as root. */
const stressors: readonly (readonly [name: string, operations: number])[] = [
  ["ptrace", 200],
  ["vm-rw", 20],
  ["procfs", 2],
  ["kcmp", 200],
  ["pidfd", 50],
  ["io-uring", 100],
  ["userfaultfd", 500],
  ["splice", 500],
  ["sendfile", 200],
  ["memfd", 10],
  ["secretmem", 20],
  ["bad-ioctl", 50],
  ["fork", 100],
  ["vfork", 100],
  ["clone", 100],
  ["exec", 20],
  ["kill", 500],
  ["prctl", 50],
];

interface Result {
  status: number;
  output: string;
}

/** Stressors that fail on this machine by themselves, with what they said. */
const fails = new Map<string, Result>();

async function stress(node: Node, name: string, operations: number): Promise<Result> {
  const { status, stdout } = await node.guest.run(
    `stress-ng --${name} 1 --${name}-ops ${operations} --timeout 60 --quiet --oom-avoid --temp-path /tmp 2>&1`,
    { timeoutSeconds: 240 },
  );
  // 4: not implemented on this kernel; 5: no resource for it. Both are stress-ng's own word.
  return [0, 4, 5].includes(status) ? { status: 0, output: "" } : { status, output: stdout };
}

/** The same without the agent. */
export async function stressBefore(node: Node): Promise<void> {
  for (const [name, operations] of stressors) {
    const result = await stress(node, name, operations);
    if (result.status !== 0) fails.set(name, result);
  }
  // Not all can: then it would show nothing.
  expect(fails.size).toBeLessThan(stressors.length / 2);
}

export function stressTests(node: () => Node): void {
  test(
    "stress-ng, and the services go on serving",
    async () => {
      for (const [name, operations] of stressors) {
        const result = await stress(node(), name, operations);
        const before = fails.get(name);
        if (before === undefined) expect({ name, ...result }).toEqual({ name, status: 0, output: "" });
        else
          process.stdout.write(
            `stress-ng --${name} fails here without the agent too: ${before.output.split("\n")[0]}\n`,
          );
      }
      expect(await node().ask("ledger", "threads")).toBe("ok");
      expect(await node().ask("teller")).toBe("ok");
    },
    30 * minutes,
  );
}
