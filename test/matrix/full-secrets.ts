// SPDX-License-Identifier: Apache-2.0
// What looks for secrets, where there is no room: for one more of them, or for one more look at the same time; and where it
// cannot read what it is to look at. Part of test/matrix/full-maps.test.ts.
import { expect, test } from "vitest";
import { ask, type Field, type SeenEvent } from "./field.js";
import { busyWriters, writes } from "./full-programs.js";
import { nextLine } from "./next-line.js";

export interface FullField {
  field: Field;
  /** The configuration that is in force between tests. */
  base: Record<string, unknown>;
  /** What must hold whatever is full. */
  stands: () => Promise<void>;
  /** Of the kernel's counters. */
  count: (name: string) => Promise<number>;
}

/** @param room entries of leak_anchors */
export function fullSecretTests(full: FullField, kernel: string, room: number): void {
  const python = (script: string, ...argv: string[]) => full.field.guest.spawn(["python3", "-c", script, ...argv]);
  const secretOf = (n: number): string => `${n}`.repeat(4).padEnd(20, "kX7vQm2ZtR9pLw4NcY8s");
  const giveSecret = (workload: string, name: string, value: string) =>
    full.field.guest.run([ask, "POST", `/v1/secrets?workload=${workload}&name=${name}`, value], {
      timeoutSeconds: 300,
    });
  // 5.10 is built so that no look is put aside for another.
  if (kernel === "6.12") {
    test("leak_scratch: what finds all taken is refused, whatever is said of what cannot be looked at", async () => {
      const preempt = "/sys/kernel/debug/sched/preempt";
      expect(await full.field.sh(`echo full > ${preempt}`)).toMatchObject({ status: 0 });
      const command = python(busyWriters, "60");
      await nextLine(command, 0);
      const pid = Number((await full.field.sh("pgrep -o -f busy-writers")).stdout);
      await full.field.protect(pid, "busy");
      expect(await giveSecret("busy", "token", secretOf(77))).toMatchObject({ status: 0 });
      command.write("go\n");
      const { refused, written } = JSON.parse(await nextLine(command, 1, 200_000)) as Record<string, number>;
      expect(refused, "EPERM").toBeGreaterThan(0);
      expect(written, "others").toBeGreaterThan(0);
      const busy = (await full.field.events()).filter(({ detail }) => detail["unscanned"] === "busy");
      expect(busy[0]).toMatchObject({ vector: "leak_write", outcome: "denied" });
      await full.stands();
      command.kill("SIGKILL");
    }, 300_000);
  }

  test("leak_anchors: the whole secret is refused and may go, and those before it stand", async () => {
    const command = python(writes);
    await nextLine(command, 0);
    const pid = Number((await full.field.sh("pgrep -n python3")).stdout);
    await full.field.protect(pid, "writer");
    let made = 0;
    let answer = await giveSecret("writer", "n0", secretOf(0));
    while (answer.status === 0) {
      expect(++made).toBeLessThan(room);
      answer = await giveSecret("writer", `n${made}`, secretOf(made));
    }
    expect(answer.stdout).toMatch(/SECRETS_FULL/);
    expect(made).toBeGreaterThan(0);
    let told = 1;
    const write = async (what: string): Promise<number> => {
      command.write(`${what}\n`);
      return Number(await nextLine(command, told++));
    };
    for (const n of [0, made - 1]) expect(await write(secretOf(n)), `secret ${n}`).toBe(1);
    expect(await write(secretOf(made)), "the refused one").toBe(0);
    await full.stands();

    // What cannot be read is let pass and told, or refused, as the configuration says.
    const before = await full.count("leak_write observed");
    expect(await write("untouched")).toBe(0);
    expect((await full.count("leak_write observed")) - before).toBe(1);
    await full.field.reconfigure({ ...full.base, leaks: { unscanned: "refuse" } });
    const denied = await full.count("leak_write denied");
    expect(await write("untouched"), "unscanned: refuse").toBe(1);
    expect((await full.count("leak_write denied")) - denied).toBe(1);
    expect(await write("harmless, and longer than a secret is"), "what can be read").toBe(0);
    const isTold = ({ vector, outcome, detail }: SeenEvent): boolean =>
      vector === "leak_write" && outcome === "denied" && detail["unscanned"] === "unreadable";
    expect((await full.field.events((events) => events.some(isTold))).some(isTold), "an event").toBe(true);
    const other = python(writes);
    await nextLine(other, 0);
    other.write("untouched\n");
    expect(await nextLine(other, 1), "an unprotected neighbour").toBe("0");
    for (const one of [command, other]) one.kill("SIGKILL");
    await full.field.reconfigure(full.base);
  }, 300_000);
}
