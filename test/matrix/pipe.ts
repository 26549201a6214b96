// SPDX-License-Identifier: Apache-2.0
// What a protected process put into a pipe by vmsplice, which no hook sees, does not leave it by a neighbour's splice.
import { expect, test } from "vitest";
import { treeRoot } from "../lab/host.js";
import type { Suite } from "./suite.js";

const program = "/tmp/pipe.py";
const fifo = "/tmp/pipe.fifo";

/** The kernel asks for the file that is written, not for the pipe; which pipe it is, the registers of the call say. To read
 *  them costs every write too much where the kernel has no bpf_task_pt_regs(): THREAT-MODEL says so. */
const isRefusedOn = (kernel: string): boolean => kernel !== "5.10";

export function pipeTests(suite: Suite, kernel: string): void {
  test("a neighbour's splice of what came by vmsplice", async () => {
    const { guest } = suite.field;
    await guest.copy(`${treeRoot()}/test/matrix/guest/pipe.py`, program);
    await suite.field.sh(`mkfifo ${fifo}`);
    const process = guest.spawn(["python3", program, "put", fifo]);
    try {
      const put = async (count: number): Promise<void> => {
        process.write("put\n");
        const deadline = Date.now() + 60_000;
        while (process.stdout.split("\n").length <= count) {
          if (Date.now() > deadline) throw new Error(`nothing was put: ${process.stderr}`);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };
      const take = async (): Promise<string> => (await suite.field.sh(`python3 ${program} take ${fifo}`)).stdout.trim();
      await put(1);
      expect(await take(), "of a process that is not protected").toBe("moved");
      const { stdout: pid } = await suite.field.sh(`pgrep -f '[p]ipe.py put'`);
      await suite.field.protect(Number(pid), "piped");
      await put(2);
      const before = (await suite.field.events()).length;
      expect(await take()).toBe(isRefusedOn(kernel) ? "Operation not permitted" : "moved");
      const seen = (events: { vector: string; type: string }[]) =>
        events.slice(before).filter(({ vector }) => vector === "chan_splice");
      if (isRefusedOn(kernel)) {
        const events = await suite.field.events((all) => seen(all).length > 0);
        expect(seen(events)).toMatchObject([
          { type: "ZERO_COPY_DENIED", outcome: "denied", detail: { call: "vmsplice" } },
        ]);
      }
    } finally {
      process.kill("SIGKILL");
      await process.done.catch(() => {});
    }
  }, 300_000);
}
