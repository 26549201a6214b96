// SPDX-License-Identifier: Apache-2.0
// Disks that are full, of a file and of a spool: other sinks go on, nothing is lost, and what waited is written when there is
// room again. In a guest that others have booted.

import { expect, test } from "vitest";
import { treeRoot } from "../lab/host.js";
import { eventsFile, type Field, triggerDir } from "./field.js";

const here = "/run/full";
const small = `${here}/disk/log`;
const received = `${here}/received`;
const spool = "/var/lib/cloudtaser/spool";
/** Less than a tenth of what comes. */
const smallDisk = "32k";
const attackers = 200;

interface SinkStatus {
  name: string;
  queued: number;
  errors: number;
  lastError: string;
}

/** test: in a describe whose guest runs no agent, and nobody at the receiver's ports. */
export function fullDiskTests(fieldOf: () => Field): void {
  const works = async (command: string): Promise<string> => {
    const { status, stdout, stderr } = await fieldOf().sh(command);
    expect({ command, status, stderr }).toMatchObject({ status: 0 });
    return stdout.trim();
  };
  const idsIn = async (path: string): Promise<string[]> =>
    [...(await works(`cat ${path}`)).matchAll(/"type":"ENVIRON_READ"/g)].map(([found]) => found);
  const sinks = async (): Promise<Map<string, SinkStatus>> => {
    const { stdout } = await fieldOf().control("GET", "/v1/status");
    const status = JSON.parse(stdout) as { sinks: SinkStatus[] };
    return new Map(status.sinks.map((sink) => [sink.name, sink]));
  };

  test("a full disk holds up no other sink, and loses nothing", async () => {
    const field = fieldOf();
    for (const disk of [`${here}/disk`, spool])
      await works(`mkdir -p ${disk} && mount -t tmpfs -o size=${smallDisk} none ${disk}`);
    await field.startAgent({
      mode: "enforce",
      sinks: [
        { name: "small", file: { path: small } },
        { name: "late", http: { url: "http://127.0.0.1:8181/in", protocol: "webhook" } },
      ],
    });
    const victim = await field.person();
    await field.protect(victim.pid, "victim");
    await field.forgetEvents();
    await works(`${triggerDir}/flood ${attackers} /proc/${victim.pid}/environ`);
    const patience = { timeout: 60_000, interval: 500 };
    await expect.poll(() => idsIn(eventsFile), patience).toHaveLength(attackers);
    expect((await idsIn(small)).length).toBeLessThan(attackers);
    const full = await sinks();
    for (const name of ["small", "late"]) expect(full.get(name)?.queued, name).toBeGreaterThan(0);
    expect(full.get("small")?.lastError).toMatch(/ENOSPC/);
    for (const disk of [`${here}/disk`, spool]) await works(`mount -o remount,size=16m ${disk}`);
    await works(`mkdir -p ${received}`);
    await field.guest.copy(`${treeRoot()}/test/matrix/guest/receivers.mjs`, `${here}/receivers.mjs`);
    const receivers = field.guest.spawn(["node", `${here}/receivers.mjs`, received, "0"]);
    for (const path of [small, `${received}/http`])
      await expect.poll(() => idsIn(path), { ...patience, message: path }).toHaveLength(attackers);
    const key = (JSON.parse((await field.control("GET", "/v1/status")).stdout) as { evidence: { publicKey: string } })
      .evidence.publicKey;
    expect(await works(`cloudtaser verify ${small} --key ${key}`)).toContain("complete and unaltered");
    const after = await sinks();
    for (const name of ["small", "late"]) expect(after.get(name)).toMatchObject({ queued: 0 });
    receivers.kill("SIGKILL");
    expect(await field.stopAgent()).toBe(0);
    for (const disk of [`${here}/disk`, spool]) await works(`umount ${disk}`);
  }, 600_000);
}
