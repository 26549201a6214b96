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

export function stressTests(node: () => Node): void {
  test(
    "stress-ng, and the services go on serving",
    async () => {
      for (const [name, operations] of stressors) {
        const { status, stderr, stdout } = await node().guest.run(
          `stress-ng --${name} 1 --${name}-ops ${operations} --timeout 60 --quiet --oom-avoid --temp-path /tmp 2>&1`,
          { timeoutSeconds: 240 },
        );
        // 4: not implemented on this kernel; 5: no resource for it. Both are stress-ng's own word.
        expect({ name, status, output: [0, 4, 5].includes(status) ? "" : stdout + stderr }).toMatchObject({
          name,
          status: expect.toSatisfy((one: number) => [0, 4, 5].includes(one)),
          output: "",
        });
      }
      expect(await node().ask("ledger", "threads")).toBe("ok");
      expect(await node().ask("teller")).toBe("ok");
    },
    30 * minutes,
  );
}
