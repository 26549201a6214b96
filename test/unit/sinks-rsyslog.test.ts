// SPDX-License-Identifier: Apache-2.0
// A real rsyslog behind TLS: each line that it writes is the line that was sent, in order, whatever the events say; who
// has another certificate gets nothing in.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { Outlets } from "../../src/sinks/index.js";
import type { Entry } from "../../src/sinks/sink.js";
import { Rsyslog } from "../lab/rsyslog.js";
import { type Certificate, hostile, makeCertificate, Source, scratch, seqOf } from "./sinks-support.js";
import { patience } from "./sinks-transports.js";

const severityNumbers = { info: 6, low: 5, medium: 4, high: 3, critical: 2 } as const;
const severities = ["info", "low", "medium", "high", "critical"] as const;
const facility = 10;

let server: Certificate;
let client: Certificate;
let stranger: Certificate;
let trusted: string;
const running: { stop(): Promise<void> }[] = [];

beforeAll(() => {
  server = makeCertificate("rsyslog.test");
  client = makeCertificate("agent.test");
  stranger = makeCertificate("stranger.test");
  trusted = join(scratch, "trusted.pem");
  // The stranger's is signed as well as ours: it is its name that is not on the list.
  writeFileSync(trusted, [server, client, stranger].map(({ cert }) => readFileSync(cert, "utf8")).join(""));
});

afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function rsyslog(name: string): Promise<Rsyslog> {
  const { cert, key } = server;
  const receiver = new Rsyslog({ directory: join(scratch, name), cert, key, ca: trusted, peer: "agent.test" });
  running.push(receiver);
  await receiver.start();
  return receiver;
}

async function outletTo(port: number, { cert, key }: Certificate, name: string): Promise<Outlets> {
  const tls = { ca: server.ca, cert, key, serverName: "rsyslog.test" };
  const config = configSchema.parse({
    stateDirectory: join(scratch, `state-${name}`),
    events: { stdout: false },
    sinks: [{ name, syslog: { host: "127.0.0.1", port, transport: "tls", tls }, queue: { maxEvents: 100_000 } }],
  });
  const outlets = await Outlets.open(config);
  running.push({ stop: () => outlets.close(500) });
  return outlets;
}

/** As RFC 5424 has it, put together anew. */
function expected({ event, line }: Entry): string {
  const time = `${event.time.slice(0, 26)}Z`;
  const priority = facility * 8 + severityNumbers[event.severity];
  return `<${priority}>1 ${time} node-1 cloudtaser - ${event.type} [meta sequenceId="${event.seq}"] ${line.trimEnd()}`;
}

describe("rsyslog with TLS", () => {
  const many = 2000;
  const entries = (source: Source, count: number): Entry[] =>
    Array.from({ length: count }, (_, index) =>
      source.next({
        severity: severities[index % severities.length] ?? "info",
        text: index % 3 === 0 ? hostile : "y".repeat(index % 190),
      }),
    );

  it("writes every line as it was sent, in order", async () => {
    const receiver = await rsyslog("whole");
    const outlets = await outletTo(receiver.port, client, "whole");
    const sent = entries(new Source(), many);
    for (const { event, line } of sent) outlets.publish(event, line);
    await vi.waitFor(() => expect(receiver.lines().length).toBe(many), patience);
    expect(receiver.lines()).toEqual(sent.map(expected));
    // Counted a moment after the receiver has them.
    await vi.waitFor(() => expect(outlets.reports()[0]?.stats).toMatchObject({ delivered: many }), patience);
    expect(outlets.reports()[0]?.stats).toMatchObject({ errors: 0, retried: 0 });
  });

  it("misses none though it is killed in the middle; what comes again is what was under way", async () => {
    const receiver = await rsyslog("killed");
    const outlets = await outletTo(receiver.port, client, "killed");
    const source = new Source();
    const sent = entries(source, many);
    for (const { event, line } of sent.slice(0, many / 2)) outlets.publish(event, line);
    await vi.waitFor(() => expect(receiver.lines().length).toBeGreaterThan(many / 4), patience);
    await receiver.stop("SIGKILL");
    for (const { event, line } of sent.slice(many / 2)) outlets.publish(event, line);
    await receiver.start();
    const seqs = (): number[] => receiver.lines().map(seqOf);
    await vi.waitFor(() => expect(new Set(seqs()).size).toBe(many), patience);
    const firsts = new Map(receiver.lines().map((line): [number, string] => [seqOf(line), line]));
    expect([...new Set(seqs())]).toEqual(sent.map(({ event }) => event.seq));
    expect(sent.map(({ event }) => firsts.get(event.seq))).toEqual(sent.map(expected));
  });

  it("takes nothing from somebody whose certificate has another name, and the sink says that it was refused", async () => {
    const receiver = await rsyslog("stranger");
    const outlets = await outletTo(receiver.port, stranger, "stranger");
    const [one] = entries(new Source(), 1);
    if (one === undefined) throw new Error("no event");
    outlets.publish(one.event, one.line);
    await vi.waitFor(() => expect(outlets.reports()[0]?.stats.errors).toBeGreaterThan(1), patience);
    expect(outlets.reports()[0]?.stats).toMatchObject({ delivered: 0, queued: 1 });
    expect(receiver.lines()).toEqual([]);
  });
});
