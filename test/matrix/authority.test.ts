// SPDX-License-Identifier: Apache-2.0
// With an authority root as such loosens nothing: neither by the control socket, nor by its configuration, nor by a stop and a start;
// whoever holds the key does. And the rescue boot.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { configurationText, makeKey, readSigner, sha256Hex } from "../../src/keys/index.js";
import { Guest } from "../lab/guest.js";
import { onlyInAll } from "./extent.js";
import { Field, triggerDir } from "./field.js";

const config = "/run/authority.yaml";
const key = "/run/authority.key";
const events = "/run/authority.ndjson";

describe("an authority", () => {
  const files = mkdtempSync(join(tmpdir(), "ct-authority-"));
  makeKey(join(files, "own.key"));
  makeKey(join(files, "other.key"));
  const own = readSigner(join(files, "own.key"));
  let field: Field;
  let victim: number;

  beforeAll(async () => {
    const copy = [{ from: join(files, "other.key"), to: "/run/other.key" }];
    field = new Field(await Guest.boot({ kernel: "6.12", timeoutSeconds: 300, copy }));
    await field.sh("chmod 600 /run/other.key");
    victim = Number(await must("SECRET=hidden sleep 100000 >/dev/null 2>&1 & echo $!"));
    await write({});
    await start();
    await must(`cloudtaser protect ${victim} --name pay`);
  }, 900_000);

  afterAll(async () => {
    await field?.guest.close();
    rmSync(files, { recursive: true, force: true });
  });

  async function must(command: string): Promise<string> {
    const { status, stdout, stderr } = await field.sh(command, 300);
    expect({ command, status, stderr }).toMatchObject({ status: 0 });
    return stdout.trim();
  }

  async function refused(command: string, code: string): Promise<void> {
    const { status, stdout, stderr } = await field.sh(command, 300);
    expect({ command, status, out: stdout + stderr }).toMatchObject({ status: 4 });
    expect(stderr).toContain(code);
  }

  const textOf = (more: object, serial: number): string =>
    stringify({
      mode: "enforce",
      onStop: "detach",
      preloadModules: [],
      health: { listen: "off" },
      events: { stdout: false, file: { path: events } },
      authority: { publicKey: own.publicKey, serial },
      ...more,
    });

  async function write(more: object, { serial = 5, signed = true } = {}): Promise<void> {
    const text = textOf(more, serial);
    await field.guest.writeFile(config, text);
    if (signed) await field.guest.writeFile(`${config}.sig`, `${own.sign(configurationText(sha256Hex(text)))}\n`);
  }

  async function start(): Promise<void> {
    await field.sh(
      `nohup cloudtaser agent --config ${config} </dev/null >/run/agent.log 2>&1 & echo $! >/run/agent.pid`,
    );
    await must(`${triggerDir}/ask --for 240 GET /v1/status`);
    const ready = async () => expect(await must(`${triggerDir}/ask GET /v1/status`)).toContain('"ready":true');
    await vi.waitFor(ready, { timeout: 240_000, interval: 500 });
  }

  /** By a signal, as a service manager does. */
  async function stop(signal = "TERM"): Promise<void> {
    await must(
      `kill -${signal} $(cat /run/agent.pid); while kill -0 $(cat /run/agent.pid) 2>/dev/null; do sleep 0.1; done`,
    );
  }

  async function startFails(): Promise<string> {
    const { status, stdout, stderr } = await field.sh(`cloudtaser agent --config ${config} </dev/null 2>&1`, 300);
    expect({ status, out: stdout + stderr }).toMatchObject({ status: 4 });
    return stdout + stderr;
  }

  async function read(): Promise<string> {
    const { stdout, stderr } = await field.sh(`cat /proc/${victim}/environ | tr '\\0' '\\n' | grep SECRET`);
    return stdout.includes("hidden") ? "stolen" : /not permitted/.test(stderr) ? "refused" : stderr;
  }

  test("is asked for what loosens protection, and for nothing else", async () => {
    expect(await read()).toBe("refused");
    await refused("cloudtaser unprotect --workload pay", "only the authority may do that");
    await refused(`cloudtaser unprotect ${victim}`, "only the authority may do that");
    await refused("cloudtaser unprotect --workload pay --key /run/other.key", "it is not signed by the authority");
    await refused("sh -c 'cloudtaser protect $$ --name pay'", "only the authority may do that");
    await must("cloudtaser protect --name other -- true");
    await must("cloudtaser status");
    expect(await read()).toBe("refused");
  }, 300_000);

  test("signs configurations: another one does not come into force", async () => {
    await write({ mode: "detect" }, { signed: false });
    await refused("cloudtaser reload", "signature is not the authority's");
    await write({ mode: "detect" }, { serial: 4 });
    await refused("cloudtaser reload", "its serial 4 is lower than 5");
    expect(await read()).toBe("refused");
  }, 300_000);

  test("nor by a stop and a start", async () => {
    await stop();
    expect(await read()).toBe("refused");
    expect(await startFails()).toContain("its serial 4 is lower than 5");
    await write({ mode: "detect", authority: undefined });
    expect(await startFails()).toContain("it names no authority");
    expect(await read()).toBe("refused");
    await refused("cloudtaser agent --uninstall", "only the authority may do that");
    await refused("cloudtaser agent --uninstall --key /run/other.key", "the key is another one than theirs");
    expect(await read()).toBe("refused");
    await write({});
    await start();
  }, 900_000);

  onlyInAll(() =>
    test("nor by a crash and a start", async () => {
      await stop("KILL");
      await write({ mode: "detect" }, { signed: false });
      expect(await startFails()).toContain("signature is not the authority's");
      expect(await read()).toBe("refused");
      await write({});
      await start();
    }, 900_000),
  );

  test("is told of in events", async () => {
    const text = await must(`cat ${events}`);
    const seen = text.split("\n").map((line) => JSON.parse(line) as { type: string; detail?: { what?: string } });
    const denied = seen.filter(({ type }) => type === "AUTHORITY_DENIED").map(({ detail }) => detail?.what);
    expect(denied).toEqual(
      expect.arrayContaining(["unprotect pay", "configuration", "protect: joining workload pay", "POST /v1/unprotect"]),
    );
    expect(seen.some(({ type }) => type === "AUTHORITY_USED")).toBe(false);
  });

  test("may do all of it", async () => {
    await field.guest.writeFile(key, "");
    await must(`rm ${key}`);
    const made = await must(`cloudtaser authority keygen ${key}`);
    // The next authority, named by this one.
    await write({ authority: { publicKey: made, serial: 6 } });
    await must("cloudtaser reload");
    await must(`sed -i 's/serial: 6/serial: 7/' ${config} && cloudtaser authority sign ${config} --key ${key}`);
    await must("cloudtaser reload");
    await must(`cloudtaser unprotect --workload pay --key ${key}`);
    expect(await read()).toBe("stolen");
    await must(`cloudtaser protect ${victim} --name pay`);
    expect(await read()).toBe("refused");
    await stop();
    expect(await read()).toBe("refused");
    await must(`cloudtaser agent --uninstall --key ${key}`);
    expect(await read()).toBe("stolen");
  }, 600_000);

  test("may sign a last file by which a stop takes the guards off, and its key is never on the node", async () => {
    await write({});
    await start();
    await must(`cloudtaser protect ${victim} --name pay`);
    expect(await read()).toBe("refused");
    await write({ authority: { publicKey: own.publicKey, serial: 6, mayDetach: true } }, { signed: false });
    await refused("cloudtaser reload", "signature is not the authority's");
    await write({ authority: { publicKey: own.publicKey, serial: 6, mayDetach: true } });
    await must("cloudtaser reload");
    expect(await read()).toBe("refused");
    await stop();
    expect(await read()).toBe("stolen");
    expect(await must("ls /sys/fs/bpf/cloudtaser 2>/dev/null | wc -l")).toBe("0");
  }, 900_000);
});

describe("a rescue boot", () => {
  test("keeps the agent off, and says so", async () => {
    const guest = await Guest.boot({ kernel: "6.12", cmdline: "cloudtaser=off", timeoutSeconds: 300 });
    try {
      const { status, stderr } = await guest.run("cloudtaser agent </dev/null");
      expect(status).toBe(8);
      expect(stderr).toContain("nothing is guarded");
    } finally {
      await guest.close();
    }
  }, 600_000);
});
