// SPDX-License-Identifier: Apache-2.0
// Starts that go wrong on a node where nothing stood before, with the agent guarding itself: one that cannot prove its doors,
// and one that fails when they stand already.
import { expect } from "vitest";
import { inAll } from "./extent.js";
import { allowedKill } from "./field.js";
import type { Suite } from "./suite.js";

const strict = {
  mode: "enforce",
  selfProtection: true,
  nodeGuards: "always",
  canary: { interval: 2 },
  vectors: { agent_signal: { allow: [{ exe: allowedKill }] } },
};

interface Checks {
  refused: (pid: number) => Promise<boolean>;
  /** Hooks that are called for us, and what is pinned, by and by. */
  leftInTheEnd: () => Promise<string>;
}

/** No agent runs before them, nor after them. */
export function failedStartTests(suite: Pick<Suite, "field" | "victim">, { refused, leftInTheEnd }: Checks): void {
  inAll(
    "a fresh start whose proof fails protects nobody, lets others be, gets ready once it can prove, and leaves nothing",
    async () => {
      const { field, victim } = suite;
      const canary = "/opt/cloudtaser/build/cloudtaser-canary";
      await field.sh(`cp /usr/bin/kill ${allowedKill}; mount --bind /bin/true ${canary}`);
      await expect(field.startAgent(strict)).rejects.toThrow("does not get ready");
      const answer = await field.control("POST", "/v1/protect", { pid: victim.pid, name: "victim" });
      expect(answer.stdout).toContain("NOT_GUARDED");
      expect(await refused(victim.pid)).toBe(false);
      const others = await field.sh("sleep 300 & kill -9 $!; wait $!; echo $?");
      expect(others.stdout.trim()).toBe("137");
      const stop = async () => await field.sh(`kill -STOP ${field.agentPid} && kill -CONT ${field.agentPid}`);
      expect(await stop(), "it does not guard itself before it has proved that it can").toMatchObject({ status: 0 });
      await field.signalAgent("KILL");
      await field.agent?.done;
      await expect(field.startAgent(strict)).rejects.toThrow("does not get ready");
      expect(await stop(), "nor is it armed by a start over doors that nobody has proved").toMatchObject({ status: 0 });
      await field.sh(`umount ${canary}`);
      const ready = async (): Promise<boolean> =>
        (JSON.parse((await field.control("GET", "/v1/status")).stdout) as { ready: boolean }).ready;
      await expect.poll(ready, { timeout: 120_000, interval: 1000 }).toBe(true);
      await expect.poll(async () => (await stop()).stderr, { timeout: 120_000 }).toMatch(/not permitted/);
      await field.protect(victim.pid, "victim");
      expect(await refused(victim.pid)).toBe(true);
      expect(await field.stopAgent()).toBe(0);
      expect(await leftInTheEnd()).toBe("");
      expect(await refused(victim.pid)).toBe(false);
    },
    500_000,
  );

  inAll(
    "a fresh start that fails when its doors stand and its rules are in force takes them off again",
    async () => {
      const { field } = suite;
      const taken = field.guest.spawn([
        "python3",
        "-c",
        'import socket, time; s = socket.create_server(("127.0.0.1", 9090)); print("taken", flush=True); time.sleep(1000)',
      ]);
      await taken.waitForOutput(/taken/);
      await expect(field.startAgent(strict)).rejects.toThrow("did not get ready");
      expect((await field.agent?.done)?.status).toBeGreaterThan(0);
      expect(field.agent?.stderr).toMatch(/9090/);
      expect(await leftInTheEnd()).toBe("");
      taken.kill("SIGKILL");
      await taken.done;
    },
    500_000,
  );
}
