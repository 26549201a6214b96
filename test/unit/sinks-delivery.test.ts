// SPDX-License-Identifier: Apache-2.0
// Delivery to real receivers on this machine: killed and started again, slow, rude, with the wrong certificate. Nothing is
// lost, nothing comes oftener than at-least-once allows, and no text breaks a frame.

import { createSocket } from "node:dgram";
import { readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Backoff, retryAfter } from "../../src/sinks/backoff.js";
import { BatchSink } from "../../src/sinks/batch.js";
import { HttpTransport } from "../../src/sinks/http.js";
import { freshStats, type Sink } from "../../src/sinks/sink.js";
import { Spool } from "../../src/sinks/spool.js";
import { MemoryStore } from "../../src/sinks/store.js";
import { SyslogStream } from "../../src/sinks/syslog-stream.js";
import { SyslogUdp } from "../../src/sinks/syslog-udp.js";
import type { Transport } from "../../src/sinks/transport.js";
import {
  type Certificate,
  countArrivals,
  HttpReceiver,
  hostile,
  makeCertificate,
  Source,
  SyslogReceiver,
  scratch,
  seqOf,
} from "./sinks-support.js";

const limits = { maxLines: 1_000_000, maxBytes: 1024 * 1024 * 1024 };
const patience = 60_000;
let number = 0;

const open: { close(timeoutMs?: number): Promise<void> }[] = [];
const receivers: { kill(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close(100)));
  await Promise.all(receivers.splice(0).map((one) => one.kill()));
});

function sinkOn(transport: Transport, { spool = "" } = {}): Sink {
  const stats = freshStats();
  const store =
    spool === ""
      ? new MemoryStore(limits, stats)
      : new Spool({ directory: spool, maxSpoolBytes: 1024 * 1024 * 1024, ...limits }, stats);
  const backoff = { firstMs: 20, longestMs: 200 };
  const sink = new BatchSink(`sink${++number}`, store, transport, stats, { backoff, lasting: spool !== "" });
  open.push(sink);
  return sink;
}

const http = (url: string, over: Partial<ConstructorParameters<typeof HttpTransport>[0]> = {}) =>
  new HttpTransport({
    url,
    protocol: "webhook",
    format: "native",
    index: "events",
    gzip: true,
    maxEvents: 500,
    maxBytes: 1024 * 1024,
    timeoutMs: 2000,
    ...over,
  });

const syslog = (port: number, over: Partial<ConstructorParameters<typeof SyslogStream>[0]> = {}) =>
  new SyslogStream({ host: "127.0.0.1", port, secure: false, facility: 10, format: "native", ...over });

async function httpReceiver(tls?: Certificate, ca?: string): Promise<HttpReceiver> {
  const receiver = new HttpReceiver();
  receivers.push(receiver);
  await receiver.start(tls && serverTls(tls, ca));
  return receiver;
}

async function syslogReceiver(tls?: Certificate, ca?: string): Promise<SyslogReceiver> {
  const receiver = new SyslogReceiver();
  receivers.push(receiver);
  await receiver.start(tls && serverTls(tls, ca));
  return receiver;
}

const serverTls = ({ cert, key }: Certificate, ca?: string) => ({
  cert: readFileSync(cert),
  key: readFileSync(key),
  ...(ca === undefined ? {} : { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true }),
});

const arrived = (receiver: HttpReceiver): number[] => receiver.bodies.trim().split("\n").map(seqOf);
const count = (sink: Sink, wanted: number) => vi.waitFor(() => expect(sink.stats.delivered).toBe(wanted), patience);

describe("a hundred thousand events", () => {
  const many = 100_000;

  it("arrive once and in order over HTTP, by way of the spool", async () => {
    const receiver = await httpReceiver();
    const sink = sinkOn(http(`http://127.0.0.1:${receiver.port}/x`, { maxEvents: 2000 }), {
      spool: join(scratch, "big-http"),
    });
    for (const entry of new Source().many(many)) sink.write(entry);
    await count(sink, many);
    expect(arrived(receiver)).toEqual(Array.from({ length: many }, (_, index) => index + 1));
    expect(sink.stats).toMatchObject({ queued: 0, retried: 0, errors: 0 });
    expect(sink.stats.latency.count).toBe(many);
  });

  it("arrive over TCP syslog though the receiver is killed again and again", async () => {
    const receiver = await syslogReceiver();
    const sink = sinkOn(syslog(receiver.port), { spool: join(scratch, "big-tcp") });
    const source = new Source();
    for (let round = 0; round < 10; round++) {
      for (const entry of source.many(many / 10)) sink.write(entry);
      await sleep(30);
      await receiver.kill();
      await sleep(round % 3 === 0 ? 100 : 5);
      await receiver.start();
    }
    await count(sink, many);
    await vi.waitFor(() => expect(new Set(receiver.messages.map(seqOf)).size).toBe(many), patience);
    countArrivals(receiver.messages.map(seqOf), many);
    expect(receiver.faults).toEqual([]);
    expect(receiver.connections).toBeGreaterThan(3);
  });

  it("arrive over HTTP though the receiver is killed, slow and says 503, and none oftener than it was tried", async () => {
    const receiver = await httpReceiver();
    let turn = 0;
    receiver.answer = (_posted, response) => {
      turn++;
      if (turn % 7 === 3) response.writeHead(503).end();
      else if (turn % 7 === 5) response.writeHead(429, { "retry-after": "0" }).end();
      else if (turn % 11 === 9) response.destroy();
      else response.end("ok");
    };
    const sink = sinkOn(http(`http://127.0.0.1:${receiver.port}/`), { spool: join(scratch, "big-rude") });
    for (const entry of new Source().many(many)) sink.write(entry);
    await vi.waitFor(() => expect(sink.stats.delivered).toBeGreaterThan(10_000), patience);
    await receiver.kill();
    await sleep(100);
    await receiver.start();
    await count(sink, many);
    const { most } = countArrivals(arrived(receiver), many);
    expect(most).toBeLessThanOrEqual(2);
    expect(sink.stats.retried).toBeGreaterThan(0);
    expect(sink.stats.dropped.refused).toBe(0);
  });
});

describe("syslog", () => {
  it("is one RFC 5424 message whatever the event says, over TCP and UDP", async () => {
    const receiver = await syslogReceiver();
    const udp = createSocket("udp4");
    const datagrams: string[] = [];
    udp.on("message", (message) => void datagrams.push(message.toString("utf8")));
    await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
    const { port } = udp.address() as AddressInfo;
    const sinks = [
      sinkOn(syslog(receiver.port)),
      sinkOn(new SyslogUdp({ host: "127.0.0.1", port, facility: 10, format: "native" })),
    ];
    const entry = new Source().next({ severity: "critical", text: hostile });
    for (const sink of sinks) for (const one of [entry, new Source().next()]) sink.write(one);
    await vi.waitFor(() => expect([receiver.messages.length, datagrams.length]).toEqual([2, 2]), patience);
    udp.close();
    for (const message of [receiver.messages[0] ?? "", datagrams[0] ?? ""]) {
      const [, header, body] =
        /^(<82>1 \S+ node-1 cloudtaser - GUARD_PROVED \[meta sequenceId="1"\]) (.*)$/s.exec(message) ?? [];
      expect(header).toMatch(/^<82>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z /);
      expect(`${body}\n`).toBe(entry.line);
    }
    expect(receiver.faults).toEqual([]);
  });

  it("sends again what a receiver had not read when it died, also when nothing new comes", async () => {
    const receiver = await syslogReceiver();
    const sink = sinkOn(syslog(receiver.port));
    sink.write(new Source().next());
    await vi.waitFor(() => expect(receiver.messages).toHaveLength(1), patience);
    await receiver.kill();
    receiver.messages.length = 0;
    await receiver.start();
    await vi.waitFor(() => expect(receiver.messages).toHaveLength(1), patience);
  });

  it("tries nothing twice that is too old to be missing", async () => {
    const receiver = await syslogReceiver();
    const sink = sinkOn(syslog(receiver.port, { keepMs: 50 }));
    const source = new Source();
    sink.write(source.next());
    await vi.waitFor(() => expect(receiver.messages).toHaveLength(1), patience);
    await sleep(100);
    await receiver.kill();
    await receiver.start();
    sink.write(source.next());
    await vi.waitFor(() => expect(receiver.messages.map(seqOf)).toEqual([1, 2]), patience);
  });

  it("counts and leaves out what fits in no datagram", async () => {
    const udp = createSocket("udp4");
    let got = 0;
    udp.on("message", () => void got++);
    await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
    const sink = sinkOn(new SyslogUdp({ host: "localhost", port: udp.address().port, facility: 10, format: "native" }));
    const source = new Source();
    const { event, line } = source.next();
    sink.write(
      new (await import("../../src/sinks/sink.js")).Entry(line.replace("x".repeat(40), "y".repeat(70_000)), 0),
    );
    sink.write(source.next());
    await count(sink, 1);
    await vi.waitFor(() => expect(got).toBe(1), patience);
    expect(event.seq).toBe(1);
    expect(sink.stats.dropped.refused).toBe(1);
    udp.close();
  });
});

describe("TLS", () => {
  let right: Certificate;
  let client: Certificate;
  let wrong: Certificate;
  beforeAll(() => {
    right = makeCertificate("siem.test");
    client = makeCertificate("agent.test");
    wrong = makeCertificate("evil.test");
  });

  it("delivers syslog and HTTP with a client certificate, to a receiver of the right name", async () => {
    const receiver = await syslogReceiver(right, client.ca);
    const web = await httpReceiver(right, client.ca);
    const tls = { ca: right.ca, cert: client.cert, key: client.key, serverName: "siem.test" };
    const sinks = [
      sinkOn(syslog(receiver.port, { secure: true, tls })),
      sinkOn(http(`https://127.0.0.1:${web.port}/`, { tls })),
    ];
    for (const sink of sinks) {
      sink.write(new Source().next());
      await count(sink, 1);
    }
    await vi.waitFor(() => expect(receiver.messages).toHaveLength(1), patience);
    expect(web.received).toHaveLength(1);
  });

  it("sends nothing to a receiver with another certificate or name, or that refuses ours, and says why", async () => {
    const cases: [string, Certificate, string | undefined, object, RegExp][] = [
      ["self-signed", wrong, undefined, { ca: right.ca, serverName: "siem.test" }, /certificate/],
      ["for another host", wrong, undefined, { ca: wrong.ca, serverName: "siem.test" }, /siem\.test/],
      ["wants ours", right, client.ca, { ca: right.ca, serverName: "siem.test" }, /./],
      [
        "no file",
        right,
        undefined,
        { ca: join(scratch, "none.pem"), serverName: "siem.test" },
        /list of certificates.*ENOENT/,
      ],
    ];
    for (const [what, own, ca, tls, reason] of cases) {
      const receiver = await syslogReceiver(own, ca);
      const web = await httpReceiver(own, ca);
      const sinks = [
        sinkOn(syslog(receiver.port, { secure: true, tls })),
        sinkOn(http(`https://127.0.0.1:${web.port}/`, { tls })),
      ];
      for (const sink of sinks) {
        sink.write(new Source().next());
        await vi.waitFor(() => expect(sink.stats.errors, what).toBeGreaterThan(1), patience);
        expect(sink.stats.lastError, what).toMatch(reason);
      }
      expect([receiver.messages, web.received], what).toEqual([[], []]);
      expect(
        sinks.map(({ stats }) => stats.delivered),
        what,
      ).toEqual([0, 0]);
    }
  });
});

describe("HTTP", () => {
  it("speaks to Splunk with the token of the moment, which nobody ever sees", async () => {
    const receiver = await httpReceiver();
    const tokenFile = join(scratch, "token");
    writeFileSync(tokenFile, "first-token\n");
    receiver.answer = (posted, response) => {
      response.writeHead(posted.headers.authorization === "Splunk second-token" ? 200 : 403).end(posted.body);
    };
    const sink = sinkOn(
      http(`http://127.0.0.1:${receiver.port}/services/collector/event?secret=q`, { protocol: "splunk", tokenFile }),
    );
    const entry = new Source().next({ text: hostile });
    sink.write(entry);
    await vi.waitFor(() => expect(sink.stats.errors).toBeGreaterThan(0), patience);
    expect(sink.stats.lastError).toMatch(/\/services\/collector\/event answered 403$/);
    writeFileSync(tokenFile, "bad\ntoken");
    await vi.waitFor(() => expect(sink.stats.lastError).toMatch(/holds no token/), patience);
    writeFileSync(tokenFile, "second-token\n");
    await count(sink, 1);
    expect(JSON.stringify(sink.stats)).not.toMatch(/-token|secret=q/);
    const event: unknown = JSON.parse(receiver.bodies);
    expect(event).toMatchObject({ host: "node-1", sourcetype: "cloudtaser:native", event: entry.event });
  });

  it("takes what Elasticsearch says of each document", async () => {
    const receiver = await httpReceiver();
    const tries = new Map<number, number>();
    receiver.answer = (posted, response) => {
      const documents = posted.body
        .trim()
        .split("\n")
        .filter((_, index) => index % 2 === 1);
      const items = documents.map((line) => {
        const seq = seqOf(line);
        tries.set(seq, (tries.get(seq) ?? 0) + 1);
        const status = seq === 2 ? 400 : seq === 3 && tries.get(3) === 1 ? 429 : seq === 4 ? 409 : 201;
        return { create: { status, ...(status < 300 ? {} : { error: { type: "some_error" } }) } };
      });
      response.end(JSON.stringify({ errors: items.some(({ create }) => create.status > 201), items }));
    };
    const sink = sinkOn(http(`http://127.0.0.1:${receiver.port}/_bulk`, { protocol: "elasticsearch" }));
    const entries = new Source().many(5);
    for (const entry of entries) sink.write(entry);
    await count(sink, 4);
    expect([...tries]).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 1],
      [5, 1],
    ]);
    expect(sink.stats).toMatchObject({
      retried: 1,
      lastError: expect.stringContaining("some_error"),
      dropped: { refused: 1 },
    });
    const action: unknown = JSON.parse(receiver.received[0]?.body.split("\n")[0] ?? "");
    expect(action).toEqual({ create: { _index: "events", _id: entries[0]?.event.id } });
  });

  it("sends OTLP logs, and does not send again what was refused", async () => {
    const receiver = await httpReceiver();
    receiver.answer = (_posted, response) =>
      void response.end('{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"no"}}');
    const sink = sinkOn(http(`http://127.0.0.1:${receiver.port}/v1/logs`, { protocol: "otlp" }));
    const entries = [new Source().next({ severity: "high", text: hostile }), new Source().next()];
    for (const entry of entries) sink.write(entry);
    await count(sink, 1);
    expect(sink.stats.dropped.refused).toBe(1);
    const body = JSON.parse(receiver.bodies) as {
      resourceLogs: { scopeLogs: { logRecords: Record<string, unknown>[] }[] }[];
    };
    const record = body.resourceLogs[0]?.scopeLogs[0]?.logRecords[0];
    expect(record).toMatchObject({
      severityNumber: 17,
      severityText: "high",
      body: { stringValue: entries[0]?.line.trim() },
    });
    expect(String(record?.["timeUnixNano"])).toBe(`${BigInt(Date.parse(entries[0]?.event.time ?? "")) * 1_000_000n}`);
  });

  it("finds the one event that a receiver does not like, and drops only that", async () => {
    const receiver = await httpReceiver();
    receiver.answer = (posted, response) => void response.writeHead(posted.body.includes("poison") ? 400 : 200).end();
    const sink = sinkOn(http(`http://127.0.0.1:${receiver.port}/`));
    const source = new Source();
    for (let i = 1; i <= 100; i++) sink.write(source.next(i === 37 ? { text: "poison" } : {}));
    await count(sink, 99);
    expect(sink.stats.dropped.refused).toBe(1);
    expect(arrived(receiver).sort((one, other) => one - other)).toEqual(
      Array.from({ length: 100 }, (_, i) => i + 1).filter((i) => i !== 37),
    );
  });

  it("does as Retry-After says, gives up on a receiver that hangs, and follows no redirect", async () => {
    const receiver = await httpReceiver();
    const times: number[] = [];
    const answers: ((response: import("node:http").ServerResponse) => void)[] = [
      (response) => void response.writeHead(429, { "retry-after": "1" }).end(),
      () => undefined,
      (response) => void response.writeHead(307, { location: `http://127.0.0.1:${receiver.port}/elsewhere` }).end(),
    ];
    receiver.answer = (_posted, response) => {
      times.push(Date.now());
      const answer = answers.shift();
      if (answer === undefined) response.end();
      else answer(response);
    };
    const sink = sinkOn(http(`http://127.0.0.1:${receiver.port}/`, { timeoutMs: 300 }));
    sink.write(new Source().next());
    await count(sink, 1);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(950);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(250);
    expect(receiver.received.map(({ path }) => path)).toEqual(["/"]);
    expect(sink.stats).toMatchObject({ errors: 3, retried: 3 });
  });

  it("says that a name does not resolve, and stops at once when it is told to", async () => {
    const sink = sinkOn(http("http://nobody.invalid:1/"), { spool: join(scratch, "nobody") });
    sink.write(new Source().next());
    await vi.waitFor(() => expect(sink.stats.lastError).toMatch(/nobody\.invalid/), patience);
    const before = Date.now();
    await sink.close(10_000);
    expect(Date.now() - before).toBeLessThan(5_000);
    expect(sink.stats).toMatchObject({ queued: 1, dropped: { closed: 0 } });
  });
});

describe("Backoff", () => {
  it("doubles up to its bound, with chance, and at least what the receiver asks for", () => {
    const backoff = new Backoff({ firstMs: 100, longestMs: 400, random: () => 1 });
    expect([1, 2, 3, 4].map(() => backoff.wait())).toEqual([100, 200, 400, 400]);
    expect(backoff.wait(5000)).toBe(5000);
    expect(backoff.wait(1e12)).toBe(3_600_000);
    backoff.reset();
    expect(backoff.wait()).toBe(100);
    expect(new Backoff({ firstMs: 100, longestMs: 400, random: () => 0 }).wait()).toBe(50);
    expect([
      retryAfter("7"),
      retryAfter("Thu, 01 Jan 1970 00:00:09 GMT", 4000),
      retryAfter("x"),
      retryAfter(undefined),
    ]).toEqual([7000, 5000, 0, 0]);
  });
});
