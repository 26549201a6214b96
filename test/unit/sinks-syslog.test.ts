// SPDX-License-Identifier: Apache-2.0
// Syslog: no text breaks a message or a frame, a lost connection loses nothing, and over TLS nothing goes to the wrong one.

import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { native } from "../../src/formats/index.js";
import { Entry } from "../../src/sinks/sink.js";
import { SyslogUdp } from "../../src/sinks/syslog-udp.js";
import { type Certificate, hostile, makeCertificate, Source, scratch, seqOf } from "./sinks-support.js";
import { count, http, httpReceiver, patience, sinkOn, syslog, syslogReceiver } from "./sinks-transports.js";

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
      sinkOn(new SyslogUdp({ host: "127.0.0.1", port, facility: 10, format: native })),
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

  it("sends it again too when the clock was set in between", async () => {
    const receiver = await syslogReceiver();
    const sink = sinkOn(syslog(receiver.port));
    sink.write(new Source().next());
    await vi.waitFor(() => expect(receiver.messages).toHaveLength(1), patience);
    const now = Date.now();
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now + 3_600_000);
    await receiver.kill();
    receiver.messages.length = 0;
    await receiver.start();
    await sleep(200);
    clock.mockRestore();
    await vi.waitFor(() => expect(receiver.messages).toHaveLength(1), { timeout: 5000 });
  });

  it("forgets what is more than a broken connection can hold, and nothing for its age", async () => {
    const receiver = await syslogReceiver();
    const sink = sinkOn(syslog(receiver.port, { keepBytes: 700 }));
    const source = new Source();
    for (let seq = 1; seq <= 3; seq++) {
      sink.write(source.next());
      await vi.waitFor(() => expect(receiver.messages.map(seqOf)).toHaveLength(seq), patience);
    }
    const later = performance.now() + 3_600_000;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => later);
    await receiver.kill();
    clock.mockRestore();
    receiver.messages.length = 0;
    await receiver.start();
    sink.write(source.next());
    await vi.waitFor(() => expect(receiver.messages.map(seqOf)).toEqual([2, 3, 4].slice(-receiver.messages.length)), {
      timeout: patience,
    });
    await vi.waitFor(() => expect(receiver.messages.map(seqOf)).toContain(4), patience);
    expect(receiver.messages.map(seqOf)).not.toContain(1);
    expect(receiver.messages.map(seqOf)).toContain(3);
  });

  it("counts and leaves out what fits in no datagram", async () => {
    const udp = createSocket("udp4");
    let got = 0;
    udp.on("message", () => void got++);
    await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
    const sink = sinkOn(new SyslogUdp({ host: "localhost", port: udp.address().port, facility: 10, format: native }));
    const source = new Source();
    const { event, line } = source.next();
    sink.write(new Entry(line.replace("x".repeat(40), "y".repeat(70_000)), 0));
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
