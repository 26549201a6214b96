// SPDX-License-Identifier: Apache-2.0
// Sinks never block, lose nothing that they accepted, and count what they refuse.

import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";
import { native } from "../../src/formats/index.js";
import { descriptorWriter } from "../../src/sinks/descriptor.js";
import { createFileSink } from "../../src/sinks/file.js";
import { QueueSink } from "../../src/sinks/queue.js";
import { Entry } from "../../src/sinks/sink.js";
import { createStdoutSink } from "../../src/sinks/stdout.js";

const directory = mkdtempSync(join(tmpdir(), "ct-sinks-"));
afterAll(() => rmSync(directory, { recursive: true }));

const at = (line: string, rank = 0): Entry => new Entry(line, rank);

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: made up`), { code });
}

/** A place that takes a few bytes at a time, fails when told to, and remembers. */
function fakePlace(behave: () => number | Error) {
  const place = { text: "", opened: 0, closed: 0 };
  const open = () => {
    place.opened++;
    return {
      async write(bytes: Buffer) {
        const answer = behave();
        if (answer instanceof Error) throw answer;
        const taken = Math.min(answer, bytes.length);
        place.text += bytes.toString("latin1", 0, taken);
        return taken;
      },
      close: () => void place.closed++,
    };
  };
  return { place, open };
}

describe("QueueSink", () => {
  it("writes every accepted line once and in order, however the place behaves", async () => {
    const answer = fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 40 }) },
      fc.constantFrom(errno("EAGAIN"), errno("ENOSPC"), errno("EINTR")),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(answer, { maxLength: 30 }),
        fc.array(fc.stringMatching(/^[a-z]{0,20}$/)),
        async (answers, words) => {
          const { place, open } = fakePlace(() => answers.shift() ?? 1000);
          const sink = new QueueSink("fake", open, { busyMs: 0, retryMs: 0 });
          for (const word of words) sink.write(at(`${word}\n`));
          await sink.close();
          expect(place.text).toBe(words.map((word) => `${word}\n`).join(""));
          expect(sink.stats).toMatchObject({ delivered: words.length, queued: 0, deliveredBytes: place.text.length });
          expect(place.closed).toBe(1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("gives up the oldest of the lowest severity when full, not what is on its way, and counts", async () => {
    let open = false;
    const fake = fakePlace(() => (open ? 1000 : errno("EAGAIN")));
    const sink = new QueueSink("fake", fake.open, { maxLines: 4, busyMs: 1 });
    sink.write(at("first\n"));
    await sleep(5);
    const later: [string, number][] = [
      ["high\n", 3],
      ["low 1\n", 1],
      ["low 2\n", 1],
      ["critical\n", 4],
      ["info\n", 0],
      ["low 3\n", 1],
    ];
    for (const [line, rank] of later) sink.write(at(line, rank));
    expect(sink.stats).toMatchObject({ queued: 4, dropped: { queue_full: 3 } });
    open = true;
    await sink.close();
    expect(fake.place.text).toBe("first\nhigh\ncritical\nlow 3\n");
    const small = new QueueSink("fake", fakePlace(() => errno("EAGAIN")).open, { maxBytes: 5 });
    for (const word of ["äb\n", "cd\n", "e\n"]) small.write(at(word));
    expect(small.stats).toMatchObject({ queued: 2, dropped: { queue_full: 1 } });
    await small.close(1);
  });

  it("gives up at the deadline, and counts what is left", async () => {
    const fake = fakePlace(() => errno("ENOSPC"));
    const sink = new QueueSink("fake", fake.open, { retryMs: 5 });
    sink.write(at("a\n"));
    await sink.close(20);
    sink.write(at("b\n"));
    expect(sink.stats.dropped.closed).toBe(2);
    expect(sink.stats.errors).toBeGreaterThan(0);
    expect(sink.stats.lastError).toContain("ENOSPC");
  });

  it("does not try again where nobody reads any more", async () => {
    const sink = new QueueSink("fake", fakePlace(() => errno("EPIPE")).open);
    sink.write(at("a\n"));
    await vi.waitFor(() => expect(sink.stats.dropped.broken).toBe(1));
    sink.write(at("b\n"));
    expect(sink.stats.dropped.broken).toBe(2);
    await sink.close();
  });
});

describe("file sink", () => {
  it("appends to a file that only its owner may read, and finishes a cut line", async () => {
    const path = join(directory, "events");
    writeFileSync(path, '{"cut', { mode: 0o644 });
    const sink = createFileSink(path);
    sink.write(at("{}\n"));
    await sink.close();
    expect(readFileSync(path, "utf8")).toBe('{"cut\n{}\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("goes on in a new file after rotation", async () => {
    const path = join(directory, "rotated");
    const sink = createFileSink(path);
    sink.write(at("1\n"));
    await vi.waitFor(() => expect(sink.stats.delivered).toBe(1));
    renameSync(path, `${path}.1`);
    sink.reopen();
    sink.write(at("2\n"));
    await sink.close();
    expect([readFileSync(`${path}.1`, "utf8"), readFileSync(path, "utf8")]).toEqual(["1\n", "2\n"]);
  });

  it("keeps the old file when the new one cannot be opened", async () => {
    const path = join(directory, "kept");
    const sink = createFileSink(path);
    renameSync(path, `${path}.1`);
    symlinkSync("/dev/null", path);
    sink.reopen();
    sink.write(at("1\n"));
    await sink.close();
    expect(readFileSync(`${path}.1`, "utf8")).toBe("1\n");
    expect(sink.stats.errors).toBe(1);
  });

  it("refuses a missing directory, a link, a directory and a device, with a code", () => {
    symlinkSync("/etc/passwd", join(directory, "link"));
    for (const path of [join(directory, "no/where"), join(directory, "link"), directory, "/dev/null"]) {
      expect(() => createFileSink(path)).toThrow(
        expect.objectContaining({ code: "EVENTS_FILE_UNWRITABLE", target: path }),
      );
    }
  });
});

describe("stdout sink", () => {
  it("is not held up by a pipe that nobody reads, and delivers when somebody does", async () => {
    const path = join(directory, "fifo");
    execFileSync("mkfifo", [path]);
    const fd = openSync(path, constants.O_RDWR);
    const sink = createStdoutSink({ fd, maxLines: 100, busyMs: 1 });
    const line = `${"x".repeat(4095)}\n`;
    for (let i = 0; i < 200; i++) sink.write(at(line));
    await sleep(50);
    // Room is made for some at once, so a few less than fit are left.
    const lost = sink.stats.dropped.queue_full;
    expect(lost).toBeGreaterThanOrEqual(100);
    expect(lost).toBeLessThan(110);
    const reader = spawn("head", ["-c", String((200 - lost) * 4096), path], { stdio: ["ignore", "pipe", "inherit"] });
    let bytes = 0;
    for await (const chunk of reader.stdout) bytes += (chunk as Buffer).length;
    await vi.waitFor(() => expect(sink.stats.delivered).toBe(200 - lost));
    await sink.close();
    closeSync(fd);
    expect(bytes).toBe((200 - lost) * 4096);
  });
});

describe("what cannot be", () => {
  it("is written of an event that has no form costs that one alone", async () => {
    const place = fakePlace(() => 1000);
    const format = {
      ...native,
      line: ({ seq }: { seq: number }) => {
        if (seq === 2) throw new TypeError("no form");
        return `${seq}\n`;
      },
    };
    const sink = new QueueSink("x", place.open, { format });
    for (const seq of [1, 2, 3, 4]) sink.write(new Entry(`{"seq":${seq}}\n`, 0));
    await vi.waitFor(() => expect(sink.stats.delivered).toBe(3));
    expect(place.place.text).toBe("1\n3\n4\n");
    expect(sink.stats).toMatchObject({ queued: 0, dropped: { refused: 1 }, lastError: "no form" });
  });

  it("is closed in good order is let go, once: its number may be another's by now", async () => {
    let closed = 0;
    const writer = descriptorWriter(-1, () => {
      closed++;
      throw errno("EIO");
    });
    expect(() => writer.close()).not.toThrow();
    writer.close();
    expect(closed).toBe(1);
  });
});
