// SPDX-License-Identifier: Apache-2.0
// Runs in a lab guest: what of the addon needs loaded programs. Arguments: the addon, the directory of the compiled
// fixtures (ring, refused, shape). Prints one JSON object; the assertions are outside. Ends with 1 only if it could not run.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { release } from "node:os";
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";

const [addonPath, fixtures] = process.argv.slice(2);
const native = createRequire(import.meta.url)(addonPath);
const errorOf = (action) => {
  try {
    action();
    return { code: "none" };
  } catch ({ code, target, message, log }) {
    return { code, target, message, log };
  }
};
const openFixture = (name) => native.openObject(name, readFileSync(`${fixtures}/${name}`));
const u32 = (value) => Buffer.from(Uint32Array.of(value).buffer);
// process.ppid is a getter: one getppid() each.
const emit = (times) => {
  for (let i = 0; i < times; i++) void process.ppid;
};

const result = { kernel: release(), node: process.version, libbpf: native.libbpfVersion() };

const object = openFixture("ring.bpf.o");
object.setInitialValue(".rodata", u32(process.pid));
object.load();
const events = object.map("events");
const totals = object.map("totals");
const total = (key) => Number(totals.lookup(u32(key)).readBigUInt64LE());

const seen = { delivered: 0, malformed: 0, batches: 0, largest: 0, next: 0n, inOrder: true };
let onceInBatch = () => {};
const ring = native.openRing(events, { recordSize: 16, maxRecords: 64 }, (records, count, malformed) => {
  seen.batches++;
  seen.delivered += count;
  seen.malformed += malformed;
  seen.largest = Math.max(seen.largest, count + malformed);
  for (let at = 0; at < records.length; at += 16) {
    const sequence = records.readBigUInt64LE(at);
    seen.inOrder &&= sequence >= seen.next && records.length === count * 16;
    seen.next = sequence + 1n;
  }
  const action = onceInBatch;
  onceInBatch = () => {};
  action();
});
const received = () => seen.delivered + seen.malformed;
const settle = async () => {
  for (let quiet = 0; quiet < 5; ) {
    const before = received();
    await wait(10);
    quiet = received() === before ? quiet + 1 : 0;
  }
};

const link = object.attach("emit");
const linkInfo = link.info();

// A burst while the loop is blocked arrives whole, in batches, with turns of the loop in between.
emit(1000);
const waitingBytes = ring.waiting();
let turns = 0;
while (received() < 1000 && turns < 10_000) {
  await turn();
  turns++;
}
await settle();
result.burst = {
  ...seen,
  next: undefined,
  turns,
  waitingBytes,
  waitAfter: ring.waiting(),
  sent: total(0),
  dropped: total(1),
};

// An exception in the callback is the process's to handle, and costs no later batch.
const uncaught = [];
process.on("uncaughtException", (error) => uncaught.push(error.message));
const beforeThrow = received();
onceInBatch = () => {
  throw new Error("from onBatch");
};
emit(300);
await settle();
process.removeAllListeners("uncaughtException");
result.exception = { uncaught, receivedAfter: received() - beforeThrow };

// Promises and ticks that the callback leaves behind run before the next batch.
const order = [];
onceInBatch = () => {
  process.nextTick(() => order.push("tick"));
  onceInBatch = () => order.push("batch");
};
emit(128);
await settle();
result.ticks = order;

// More than the ring holds: the rest is dropped by the kernel, what it took is delivered.
const [sentBefore, droppedBefore, receivedBefore] = [total(0), total(1), received()];
emit(20_000);
await settle();
result.full = {
  sent: total(0) - sentBefore,
  dropped: total(1) - droppedBefore,
  received: received() - receivedBefore,
};

const beforeDrain = received();
emit(150);
const drained = [ring.drain(100), ring.drain(100), ring.drain(100)];
result.drain = { drained, received: received() - beforeDrain };
onceInBatch = () => {
  throw new Error("into drain");
};
emit(1);
result.drainThrows = errorOf(() => ring.drain(10)).message;

const pids = object.iterator("list").run();
result.iterate = {
  tasks: pids.length / 4,
  hasSelf: new Set(new Uint32Array(pids.buffer, pids.byteOffset, pids.length / 4)).has(process.pid),
};
// Pinned, it is anybody's who opens it.
const fs = await import("node:fs");
const pinned = "/sys/fs/bpf/cloudtaser-ring-check-list";
fs.rmSync(pinned, { force: true });
object.iterator("list").pin(pinned);
const opened = native.openIterator(pinned);
const again = opened.run();
opened.close();
fs.rmSync(pinned);
const pinnedMap = "/sys/fs/bpf/cloudtaser-ring-check-map";
fs.rmSync(pinnedMap, { force: true });
totals.pin(pinnedMap);
const notProgram = errorOf(() => native.openIterator(pinnedMap));
fs.rmSync(pinnedMap);
result.pinnedIterator = {
  hasSelf: new Set(new Uint32Array(again.buffer, again.byteOffset, again.length / 4)).has(process.pid),
  closed: errorOf(() => opened.run()).code,
  notProgram: { code: notProgram.code, target: notProgram.target },
};
const info = object.programInfo("emit");
const byId = native.loadedProgram(linkInfo.programId);
result.program = {
  ...info,
  runCount: String(info.runCount),
  recursionMisses: String(info.recursionMisses),
  sameById: byId.id === info.id,
  nameById: byId.name,
};

// Pinned, the attachment outlives object, link and ring; taken over, it goes on; unpinned and closed, it ends.
const pin = "/sys/fs/bpf/cloudtaser-ring-check";
fs.rmSync(pin, { force: true });
link.pin(pin);
result.pinTaken = errorOf(() => link.pin(pin)).code;
object.close();
const [emitted, sentAtClose] = [total(0), received()];
emit(50);
await settle();
result.afterObjectClose = received() - sentAtClose;
link.close();
emit(50);
result.afterLinkClose = total(0) - emitted - 50;
const taken = native.openLink(pin);
result.takenOver = { sameLink: taken.info().id === linkInfo.id, notMap: errorOf(() => native.openMap(pin)).code };
fs.rmSync(pin);
emit(50);
result.afterUnpin = total(0) - emitted - 100;
taken.close();
await wait(50);
emit(50);
result.afterAll = total(0) - emitted - 150;

await settle();
// A ring that is closed in its own callback says nothing more.
let calls = 0;
const second = openFixture("ring.bpf.o");
second.setInitialValue(".rodata", u32(process.pid));
second.load();
const secondLink = second.attach("emit");
const secondRing = native.openRing(second.map("events"), { recordSize: 16, maxRecords: 8 }, () => {
  calls++;
  secondRing.close();
  gc?.();
});
emit(100);
await wait(100);
result.closedInCallback = calls;
secondLink.close();
second.close();

// A worker ends with records waiting and all open.
const worker = new Worker(
  `const { workerData } = require("worker_threads");
   const native = require(workerData.addonPath);
   const object = native.openObject("ring", require("fs").readFileSync(workerData.fixtures + "/ring.bpf.o"));
   object.setInitialValue(".rodata", Buffer.from(Uint32Array.of(process.pid).buffer));
   object.load();
   const link = object.attach("emit");
   let count = 0;
   native.openRing(object.map("events"), { recordSize: 16, maxRecords: 16 }, (records, n) => {
     count += n;
     if (count >= 64) process.exit(11);
   });
   for (let i = 0; i < 500; i++) process.ppid;`,
  { eval: true, workerData: { addonPath, fixtures } },
);
result.workerExit = (await once(worker, "exit"))[0];

const refused = openFixture("refused.bpf.o");
const refusal = errorOf(() => refused.load());
result.refused = { code: refusal.code, target: refusal.target, log: refusal.log };
refused.close();

// Both forms of a door, with a program that never denies.
result.forms = {};
for (const [form, hook] of [
  ["lsm", "file_open"],
  ["fmod_ret", "file_open"],
  ["fentry", "file_open"],
]) {
  const door = openFixture("shape.bpf.o");
  const failure = errorOf(() => {
    door.setForm("shape_file_open", form, hook);
    door.load();
    const attached = door.attach("shape_file_open");
    fs.readFileSync("/proc/self/stat");
    attached.close();
  });
  result.forms[form] = failure.code === "none" ? "attached" : `${failure.message}\n${failure.log}`;
  door.close();
}

ring.close();
for (const handle of [events, totals]) handle.close();
// The loop must end by itself now.
const overdue = setTimeout(() => process.exit(9), 5000);
overdue.unref();
process.on("exit", () => console.log(JSON.stringify(result)));
