// SPDX-License-Identifier: Apache-2.0
// HTTP receivers: what they say of a batch, of single events, and of the moment is done; no token is ever seen.

import { writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { hostile, Source, scratch, seqOf } from "./sinks-support.js";
import { arrived, count, http, httpReceiver, patience, sinkOn } from "./sinks-transports.js";

describe("HTTP", () => {
  it("speaks to Splunk with the token of the moment, which nobody ever sees", async () => {
    const receiver = await httpReceiver();
    const tokenFile = join(scratch, "token");
    writeFileSync(tokenFile, "first-token\n");
    receiver.answer = (posted, response) => {
      response.writeHead(posted.headers.authorization === "Splunk second-token" ? 200 : 403).end(posted.body);
    };
    const sink = sinkOn(
      http(`http://127.0.0.1:${receiver.port}/services/T024/hidden-token?secret=q`, { protocol: "splunk", tokenFile }),
    );
    const entry = new Source().next({ text: hostile });
    sink.write(entry);
    await vi.waitFor(() => expect(sink.stats.errors).toBeGreaterThan(0), patience);
    expect(sink.stats.lastError).toMatch(/^http:\/\/127\.0\.0\.1:\d+ answered 403$/);
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

  it("keeps documents that Elasticsearch refuses for want of a right or an index, until it takes them", async () => {
    const receiver = await httpReceiver();
    let granted = false;
    let tries = 0;
    receiver.answer = (posted, response) => {
      tries++;
      const refusals = [{ status: 403 }, { status: 404 }, {}];
      const documents = posted.body.trim().split("\n").length / 2;
      const items = Array.from({ length: documents }, (_, index) => ({
        create: granted ? { status: 201 } : refusals[index % 3],
      }));
      response.end(JSON.stringify({ errors: !granted, items }));
    };
    const sink = sinkOn(http(`http://127.0.0.1:${receiver.port}/_bulk`, { protocol: "elasticsearch" }));
    for (const entry of new Source().many(3)) sink.write(entry);
    await vi.waitFor(() => expect(tries).toBeGreaterThan(1), patience);
    granted = true;
    await count(sink, 3);
    expect(sink.stats.dropped.refused).toBe(0);
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

  it("posts lines, or single documents to who wants those", async () => {
    const receiver = await httpReceiver();
    const sinks = [500, 1].map((maxEvents) =>
      sinkOn(http(`http://127.0.0.1:${receiver.port}/`, { maxEvents, gzip: false })),
    );
    const entries = new Source().many(3);
    for (const sink of sinks) {
      for (const entry of entries) sink.write(entry);
      await count(sink, 3);
    }
    expect(receiver.received.map(({ headers, body }) => [headers["content-type"], body])).toEqual([
      ["application/x-ndjson", entries.map(({ line }) => line).join("")],
      ...entries.map(({ line }) => ["application/json", line]),
    ]);
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
    const answers: ((response: ServerResponse) => void)[] = [
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

  it("repeats nothing that a receiver says, which may be the token, and counts whole events", async () => {
    const receiver = await httpReceiver();
    const tokenFile = join(scratch, "told");
    writeFileSync(tokenFile, "GeHeIm-1");
    const told: string[] = [];
    for (const [protocol, text] of [
      ["otlp", '{"partialSuccess":{"rejectedLogRecords":0.5,"errorMessage":"no: Bearer GeHeIm-1"}}'],
      ["otlp", '{"partialSuccess":{"rejectedLogRecords":1e99,"errorMessage":"no: Bearer GeHeIm-1"}}'],
      ["otlp", "GeHeIm-1"],
      ["otlp", "null"],
      ["elasticsearch", '{"errors":true,"items":[{"create":{"status":400,"error":{"type":"GeHeIm-1"}}}]}'],
      ["elasticsearch", "Bearer GeHeIm-1"],
    ] as const) {
      receiver.answer = (_posted, response) => void response.end(text);
      const sink = sinkOn(http(`http://127.0.0.1:${receiver.port}/`, { protocol, tokenFile }));
      sink.write(new Source().next());
      await vi.waitFor(() => expect(sink.stats.delivered + sink.stats.errors).toBeGreaterThan(0), patience);
      told.push(sink.stats.lastError);
      expect(Number.isInteger(sink.stats.dropped.refused)).toBe(true);
    }
    expect(JSON.stringify(told)).not.toContain("GeHeIm");
    expect(told[1]).toBe("1 records refused");
  });

  it("keeps no more of an error than a line for people", async () => {
    const name = `DNS:\u001b[2J${"x".repeat(100_000)}`;
    const transport = {
      most: { events: 1, bytes: 1 },
      send: () => Promise.reject(new Error(`not in the altnames: ${name}`)),
      close: () => undefined,
    };
    const sink = sinkOn(transport);
    sink.write(new Source().next());
    await vi.waitFor(() => expect(sink.stats.errors).toBeGreaterThan(0), patience);
    expect(sink.stats.lastError).toMatch(/^not in the altnames: DNS:\\x1b\[2J/);
    expect(sink.stats.lastError.length).toBeLessThan(1000);
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
