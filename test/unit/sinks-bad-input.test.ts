// SPDX-License-Identifier: Apache-2.0
// What a configuration and a machine may hold against sinks: certificates out of their time, names that lead nowhere, a
// spool that cannot be written, receivers that do everything wrong, a clock that is set.

import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { native } from "../../src/formats/index.js";
import { SyslogUdp } from "../../src/sinks/syslog-udp.js";
import {
  type Certificate,
  countArrivals,
  makeCertificate,
  openSpool,
  Source,
  scratch,
  seqOf,
  serverTls,
} from "./sinks-support.js";
import { arrived, count, http, httpReceiver, patience, sinkOn, syslog, syslogReceiver } from "./sinks-transports.js";

describe("a certificate that is out of date", () => {
  let expired: Certificate;
  beforeAll(() => {
    expired = makeCertificate("siem.test", { expired: true });
  });

  it("gets no event, and the reason is told", async () => {
    const receiver = await syslogReceiver(expired);
    const web = await httpReceiver(expired);
    const tls = { ca: expired.ca, serverName: "siem.test" };
    const sinks = [
      sinkOn(syslog(receiver.port, { secure: true, tls })),
      sinkOn(http(`https://127.0.0.1:${web.port}/`, { tls })),
    ];
    for (const sink of sinks) {
      sink.write(new Source().next());
      await vi.waitFor(() => expect(sink.stats.errors).toBeGreaterThan(1), patience);
      expect(sink.stats.lastError).toMatch(/expired/);
      expect(sink.stats).toMatchObject({ delivered: 0, queued: 1 });
    }
    expect([receiver.messages, web.received]).toEqual([[], []]);
  });
});

describe("a name that does not resolve", () => {
  it("is told of every transport, and the event waits", async () => {
    const host = "nobody.invalid";
    const sinks = [
      sinkOn(syslog(1, { host })),
      sinkOn(syslog(1, { host, secure: true, tls: {} })),
      sinkOn(new SyslogUdp({ host, port: 1, facility: 10, format: native })),
      sinkOn(http(`http://${host}:1/`)),
      sinkOn(http(`https://${host}:1/`)),
    ];
    for (const sink of sinks) sink.write(new Source().next());
    for (const sink of sinks) {
      await vi.waitFor(() => expect(sink.stats.errors).toBeGreaterThan(1), patience);
      expect(sink.stats.lastError).toMatch(/nobody\.invalid/);
      expect(sink.stats).toMatchObject({ delivered: 0, queued: 1 });
    }
  });
});

describe("a spool directory that may not be written", () => {
  it("keeps events in memory and in order, says why, and is used when it may be", async () => {
    const directory = join(scratch, "read-only");
    mkdirSync(directory);
    chmodSync(scratch, 0o755);
    chmodSync(directory, 0o555);
    // Root may write everywhere.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65534);
    try {
      const { spool, stats } = await openSpool(directory);
      const entries = new Source().many(30);
      for (const entry of entries) spool.push(entry);
      const got = await spool.peek({ events: 10, bytes: 1024 * 1024 });
      expect(got.map(({ line }) => seqOf(line))).toEqual(entries.slice(0, 10).map(({ line }) => seqOf(line)));
      spool.advance(10);
      expect(stats).toMatchObject({ queued: 20, spoolBytes: 0 });
      expect(stats.lastError).toMatch(/^spool: .*EACCES/);
      expect(readdirSync(directory)).toEqual([]);
      if (root) process.seteuid?.(0);
      chmodSync(directory, 0o777);
      if (root) process.seteuid?.(65534);
      await sleep(1100);
      expect((await spool.peek({ events: 100, bytes: 1024 * 1024 })).map(({ line }) => seqOf(line))).toEqual(
        entries.slice(10).map(({ line }) => seqOf(line)),
      );
      expect(stats.spoolBytes).toBeGreaterThan(0);
      await spool.close();
      expect(stats.dropped.closed).toBe(0);
    } finally {
      if (root) process.seteuid?.(0);
    }
  });
});

describe("an HTTPS receiver", () => {
  it("that answers 429 and 503, hangs, cuts off and comes back has every event, and none oftener than it was tried", async () => {
    const many = 20_000;
    const certificate = makeCertificate("siem.test");
    const receiver = await httpReceiver(certificate);
    const faults = new Set<string>();
    let turn = 0;
    receiver.answer = (_posted, response) => {
      const wrong = ["503", "429", "hang", "cut before", "cut within"][turn++ % 9];
      if (wrong !== undefined) faults.add(wrong);
      if (wrong === "503") response.writeHead(503).end();
      else if (wrong === "429") response.writeHead(429, { "retry-after": "0" }).end();
      else if (wrong === "cut before") response.destroy();
      else if (wrong === "cut within")
        response.writeHead(503, { "content-length": "100" }).write("x", () => response.destroy());
      else if (wrong !== "hang") response.end("ok");
    };
    const tls = { ca: certificate.ca, serverName: "siem.test" };
    const url = `https://127.0.0.1:${receiver.port}/`;
    const sink = sinkOn(http(url, { tls, timeoutMs: 300 }), { spool: join(scratch, "rude-https") });
    for (const entry of new Source().many(many)) sink.write(entry);
    await vi.waitFor(() => expect(sink.stats.delivered).toBeGreaterThan(many / 4), patience);
    await receiver.kill();
    const { errors } = sink.stats;
    await vi.waitFor(() => expect(sink.stats.errors).toBeGreaterThan(errors), patience);
    await receiver.start(serverTls(certificate));
    await count(sink, many);
    expect(faults.size).toBe(5);
    expect(countArrivals(arrived(receiver), many).most).toBeLessThanOrEqual(2);
    const seqs = [...new Set(arrived(receiver))];
    expect(seqs).toEqual([...seqs].sort((one, other) => one - other));
    expect(sink.stats.dropped.refused).toBe(0);
  });
});
