// SPDX-License-Identifier: Apache-2.0
// The stream of events on a real machine: every format and sink tells of every refused attack, the log proves itself, and what was
// done to it is found. In a guest that others have booted.

import { expect, test } from "vitest";
import type { GuestCommand } from "../lab/command.js";
import { treeRoot } from "../lab/host.js";
import { onlyInAll } from "./extent.js";
import { eventsFile, type Field, type Person, type SeenEvent } from "./field.js";

const here = "/run/log";
const archive = `${here}/events.ndjson`;
/** Formats to where their events come to lie. */
const places = {
  native: `${here}/native`,
  ecs: `${here}/ecs`,
  ocsf: `${here}/ocsf`,
  leef: `${here}/leef`,
  cef: `${here}/received/syslog`,
  falco: `${here}/received/http`,
} as const;

/** More than one program would leave unfolded: each attack is a process of its own. */
const attacks = 25;

const toFile = (name: "ecs" | "ocsf" | "leef" | "native") => ({ name, format: name, file: { path: places[name] } });
const config = {
  mode: "enforce",
  evidence: { checkpointSeconds: 1 },
  sinks: [
    { name: "archive", file: { path: archive, rotate: { maxBytes: 8192, keep: 1000 } } },
    ...(["native", "ecs", "ocsf", "leef"] as const).map(toFile),
    { name: "collector", format: "cef", syslog: { host: "127.0.0.1", port: 8514, transport: "tcp" } },
    {
      name: "hook",
      format: "falco",
      http: { url: "http://127.0.0.1:8181/in", protocol: "webhook" },
      filter: { minSeverity: "high" },
    },
  ],
};

/** A program's name that would end a line, a field or a frame, and clear the screen. 15 bytes are its comm. */
const hostile = `$(printf '/tmp/a"|=\\t\\033[2J\\nCEF:0')`;

/** Takes connections and says nothing: what sinks wait for at a stop. */
const muteReceiver = `
import socket
server = socket.create_server(("127.0.0.1", 8282))
print("listening", flush=True)
held = []
while True: held.append(server.accept())`;

/** test: in a describe whose guest runs no agent. */
export function logTests(fieldOf: () => Field): void {
  let person: Person;
  let receivers: GuestCommand;
  const works = async (command: string): Promise<string> => {
    const { status, stdout, stderr } = await fieldOf().sh(command);
    expect({ command, status, stderr }).toMatchObject({ status: 0 });
    return stdout.trim();
  };
  const linesOf = async (path: string): Promise<string[]> => (await works(`cat ${path}`)).split("\n");
  const verify = async (files: string, more = ""): Promise<{ status: number; stdout: string }> =>
    fieldOf().sh(`cloudtaser --no-color verify ${files} ${more}`);
  const publicKey = async (): Promise<string> => {
    const { stdout } = await fieldOf().control("GET", "/v1/status");
    return (JSON.parse(stdout) as { evidence: { publicKey: string } }).evidence.publicKey;
  };
  const ids = async (): Promise<string[]> => {
    const lines = (await linesOf(places.native)).filter((line) => line.includes('"outcome":"denied"'));
    return lines.map((line) => (JSON.parse(line) as { id: string }).id);
  };

  test("every format tells of every refused attack, whatever the attacker is called", async () => {
    const field = fieldOf();
    await works(`mkdir -p ${here}/received`);
    await field.guest.copy(`${treeRoot()}/test/matrix/guest/receivers.mjs`, `${here}/receivers.mjs`);
    receivers = field.guest.spawn(["node", `${here}/receivers.mjs`, `${here}/received`, "2"]);
    await expect.poll(() => receivers.stdout, { timeout: 60_000 }).toContain("ready");
    await field.startAgent(config);
    person = await field.person();
    await field.protect(person.pid, "service");
    await field.sh(`for i in $(seq ${attacks}); do head -c1 /proc/${person.pid}/environ; done`);
    const called = await field.sh(`f="${hostile}"; cp /bin/cat "$f" && "$f" /proc/${person.pid}/environ`);
    expect(called.stderr).toContain("Operation not permitted");
    await expect.poll(async () => (await ids()).length, { timeout: 60_000 }).toBe(attacks + 1);
    for (const [format, place] of Object.entries(places)) {
      const missing = async (): Promise<string[]> => {
        const text = await works(`cat ${place}`);
        return (await ids()).filter((id) => !text.includes(id));
      };
      await expect.poll(missing, { timeout: 60_000, message: format }).toEqual([]);
      // Tabs part the fields of LEEF.
      const odd = await field.sh(`LC_ALL=C grep -nP '[\\x00-\\x08\\x0b-\\x1f\\x7f]' ${place}`);
      expect({ format, ...odd }).toMatchObject({ status: 1, stdout: "" });
    }
    const starts = { cef: /^<\d+>1 .* CEF:0\|/, leef: /^LEEF:2\.0\|/, json: /^\{.*\}$/ };
    for (const [format, place] of Object.entries(places)) {
      const start = starts[format as keyof typeof starts] ?? starts.json;
      for (const line of await linesOf(place)) expect(line).toMatch(start);
    }
  }, 600_000);

  test("a receiver that answered 503 at first has every event once, and no spool ever held the secret", async () => {
    const refused = (await linesOf(`${here}/received/refused`)).filter((line) => line !== "");
    expect(refused.length).toBeGreaterThan(0);
    const text = await works(`cat ${places.falco}`);
    for (const id of await ids()) expect(text.split(id).length - 1).toBe(1);
    await works("ls /var/lib/cloudtaser/spool/hook /var/lib/cloudtaser/spool/collector");
    const found = await fieldOf().sh(`grep -rlF -- '${person.secret}' /var/lib/cloudtaser ${here} ${eventsFile}`);
    expect(found).toMatchObject({ status: 1, stdout: "" });
  }, 300_000);

  test("events are shown by type and severity, in any format, and top sums them up", async () => {
    type Shown = { type: string; severity: string };
    const shown = async (flags: string): Promise<Shown[]> =>
      (await works(`cloudtaser --json events ${flags}`))
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Shown);
    const started = await shown("--type agent_started,ptrace_denied");
    expect(started.map(({ type }) => type)).toEqual(["AGENT_STARTED"]);
    const high = (await works("cloudtaser events --severity high --format leef")).split("\n");
    const all = (await linesOf(places.native)).map((line) => JSON.parse(line) as Shown);
    expect(high.length).toBe(all.filter(({ severity }) => ["high", "critical"].includes(severity)).length);
    expect(high.length).toBeLessThan(all.length);
    for (const line of high) expect(line).toMatch(/^LEEF:2\.0\|/);
    const top = await works("cloudtaser --no-color top --once");
    expect(top).toMatch(/environ_read/);
    expect(top).toMatch(/a"\|=/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(top).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  }, 300_000);

  test("SIGHUP makes it open its files anew", async () => {
    const field = fieldOf();
    const before = (await field.events()).length;
    expect(before).toBeGreaterThan(attacks);
    await works(`mv ${eventsFile} ${eventsFile}.moved`);
    await field.signalAgent("HUP");
    await expect.poll(async () => (await field.sh(`test -e ${eventsFile}`)).status, { timeout: 60_000 }).toBe(0);
    await field.sh(`head -c1 /proc/${person.pid}/environ`);
    expect(await field.events((events) => events.length > 0)).toHaveLength(1);
    const key = await publicKey();
    const both = await verify(`${eventsFile} ${eventsFile}.moved`, `--key ${key}`);
    expect(both).toMatchObject({ status: 0, stdout: expect.stringContaining("complete and unaltered") });
  }, 300_000);

  test("the log proves itself, over rotated files, a kill and a restart", async () => {
    const field = fieldOf();
    const key = await publicKey();
    expect((await works(`ls ${archive}.*`)).split("\n").length).toBeGreaterThan(3);
    const whole = await verify(`${archive}*`, `--key ${key}`);
    expect(whole).toMatchObject({ status: 0, stdout: expect.stringContaining("complete and unaltered") });
    await field.sh(`kill -9 ${field.agentPid}`);
    await field.agent?.done;
    await field.startAgent(config);
    await field.sh(`head -c1 /proc/${person.pid}/environ`);
    expect(await publicKey()).toBe(key);
    const starts = async (): Promise<number> => Number(await works(`cat ${archive}* | grep -c '"reason":"start"'`));
    await expect.poll(starts, { timeout: 60_000 }).toBe(2);
    // While it goes on writing and rotating.
    const after = await verify(`${archive}*`, `--key ${key}`);
    expect(after).toMatchObject({ status: 0, stdout: expect.stringContaining("in 2 runs of the agent") });
    expect(after.stdout).toContain("came to no orderly end");
    expect(after.stdout).toMatch(/restart after a crash: the run before is bound up to \S+:\d+|restart of the agent/);
  }, 600_000);

  test("one changed byte is found, and named by file and line", async () => {
    const key = await publicKey();
    await works(`rm -rf /tmp/forged && cp -a ${here} /tmp/forged`);
    // Checkpoints come each second: on a slow machine they alone fill whole files.
    const forged = await works("grep -l ENVIRON_READ /tmp/forged/events.ndjson.* | head -1");
    const number = await works(`grep -n ENVIRON_READ ${forged} | head -1 | cut -d: -f1`);
    await works(`sed -i '${number}s/ENVIRON_READ/ENVIRON_REAL/' ${forged}`);
    const { status, stdout } = await verify("/tmp/forged/events.ndjson*", `--key ${key}`);
    expect(status).toBe(1);
    expect(stdout.split("\n")[0]).toBe(`NOT as it was written; first at ${forged}:${number}`);
    expect(await fieldOf().stopAgent()).toBe(0);
    const stopped = await verify(`${archive}*`, `--key ${key}`);
    expect(stopped).toMatchObject({ status: 0, stdout: expect.stringContaining("0 lines after the last checkpoint") });
    receivers.kill("SIGKILL");
  }, 600_000);

  onlyInAll(() =>
    test("what is refused while it stops is told: by it, or by the next agent where the doors stay", async () => {
      const field = fieldOf();
      const mute = field.guest.spawn(["python3", "-c", muteReceiver]);
      await mute.waitForOutput(/listening/);
      const slow = {
        name: "mute",
        http: { url: "http://127.0.0.1:8282/", protocol: "webhook" },
        spool: { maxBytes: 0 },
      };
      const configured = (onStop: string) => ({ mode: "enforce", onStop, sinks: [slow] });
      await field.startAgent(configured("leave"));
      const victim = await field.person();
      await field.protect(victim.pid, "victim");
      // While doors go one by one, the one that refuses may be another than usual.
      const offenders = (events: SeenEvent[]): number =>
        new Set(events.filter(({ outcome }) => outcome === "denied").map(({ offender }) => offender.pid)).size;
      for (const onStop of ["leave", "detach"]) {
        await field.forgetEvents();
        const attacks = `for i in $(seq 30); do head -c1 /proc/${victim.pid}/environ >/dev/null 2>&1 && echo open || echo refused; sleep 0.1; done`;
        const { stdout } = await field.sh(`kill -TERM ${field.agentPid}; ${attacks}`);
        const { status } = (await field.agent?.done) ?? { status: -1 };
        expect({ onStop, status }).toEqual({ onStop, status: 0 });
        const refused = stdout.split("\n").filter((line) => line === "refused").length;
        expect({ onStop, refused }).toSatisfy(() => (onStop === "leave" ? refused === 30 : refused < 30));
        if (onStop === "leave") await field.startAgent(configured("detach"));
        expect(offenders(await field.events((events) => offenders(events) >= refused)), onStop).toBe(refused);
      }
      mute.kill("SIGKILL");
    }, 600_000),
  );
}
