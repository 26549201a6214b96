// SPDX-License-Identifier: Apache-2.0
// Life cycles: workers, further loads, process exit, garbage collection. Each in a process of its own, because what must
// not happen is a crash or a hang.

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findAddon } from "../../src/kernel/load-native.js";
import { child, compile, scratch } from "./support.js";

const maps = compile("maps");
const ring = "{ recordSize: 8, maxRecords: 8 }, () => {}";

/** Opens one of everything; uses `path`. */
const openAll = `
  const object = native.openObject(path, require("fs").readFileSync(path));
  object.load();
  const map = object.map("table");
  const events = object.map("events");
  const ring = native.openRing(events, ${ring});
  const pidfd = native.openPidfd(process.pid);
`;
const descriptors = `const descriptors = () => require("fs").readdirSync("/proc/self/fd").length;`;

describe("process end with everything open", () => {
  it("process.exit", () => {
    const run = child(`const [path] = process.argv.slice(1); ${openAll} process.exit(7);`, { args: [maps] });
    expect([run.status, run.signal, run.stderr]).toEqual([7, null, ""]);
  });

  it("an open ring keeps the loop alive; close ends it", () => {
    const body = `
      const [path] = process.argv.slice(1);
      ${openAll}
      const start = Date.now();
      setTimeout(() => { ring.close(); }, 300).unref();
      process.on("exit", () => console.log(Date.now() - start >= 290));
    `;
    const run = child(body, { args: [maps] });
    expect([run.status, run.stdout, run.stderr]).toEqual([0, "true\n", ""]);
  });

  it("an uncaught exception", () => {
    const run = child(`const [path] = process.argv.slice(1); ${openAll} throw new Error("mine");`, { args: [maps] });
    expect([run.status, run.signal]).toEqual([1, null]);
    expect(run.stderr).toContain("mine");
  });
});

describe("workers", () => {
  it("open, leave all open and end, again and again; the descriptors come back", () => {
    const worker = `
      const path = require("worker_threads").workerData;
      const native = require(process.env.ADDON);
      ${openAll}
      setImmediate(() => process.exit(0));
    `;
    const body = `
      const { Worker } = require("worker_threads");
      const { once } = require("events");
      ${descriptors}
      const [path] = process.argv.slice(1);
      const round = async () => {
        const codes = await Promise.all([1, 2, 3].map(async () => {
          const [code] = await once(new Worker(${JSON.stringify(worker)}, { eval: true, workerData: path }), "exit");
          return code;
        }));
        return codes.join();
      };
      (async () => {
        const codes = new Set([await round()]);
        const before = descriptors();
        for (let i = 0; i < 4; i++) codes.add(await round());
        console.log(JSON.stringify([[...codes], descriptors() - before]));
      })();
    `;
    const run = child(body, { args: [maps] });
    expect(run.stderr).toBe("");
    expect(JSON.parse(run.stdout)).toEqual([["0,0,0"], 0]);
  });

  it("end by themselves, by terminate, and only there was the addon loaded", () => {
    const worker = `
      const path = require("worker_threads").workerData;
      const native = require(process.env.ADDON);
      ${openAll}
      require("worker_threads").parentPort.postMessage("open");
    `;
    const script = `
      const { Worker } = require("worker_threads");
      const { once } = require("events");
      (async () => {
        for (let i = 0; i < 5; i++) {
          const worker = new Worker(${JSON.stringify(worker)}, { eval: true, workerData: process.argv[1] });
          await once(worker, "message");
          await worker.terminate();
        }
        console.log("done");
      })();
    `;
    // As it is in a program whose main thread never asks for the addon.
    const run = child(`delete require.cache[process.env.ADDON];\n${script}`, { args: [maps] });
    expect([run.status, run.stdout, run.stderr]).toEqual([0, "done\n", ""]);
  });

  it("are terminated in the middle of calls", () => {
    const worker = `
      const path = require("worker_threads").workerData;
      const native = require(process.env.ADDON);
      ${openAll}
      const key = Buffer.alloc(4);
      map.update(key, Buffer.alloc(8));
      require("worker_threads").parentPort.postMessage("busy");
      for (;;) {
        map.lookup(key);
        map.info();
        object.maps();
        try { map.lookup("no key"); } catch {}
      }
    `;
    const body = `
      const { Worker } = require("worker_threads");
      const { once } = require("events");
      (async () => {
        for (let i = 0; i < 20; i++) {
          const worker = new Worker(${JSON.stringify(worker)}, { eval: true, workerData: process.argv[1] });
          await once(worker, "message");
          await new Promise((resolve) => setTimeout(resolve, i % 5));
          await worker.terminate();
        }
        console.log("done");
      })();
    `;
    const run = child(body, { args: [maps] });
    expect([run.status, run.signal, run.stdout, run.stderr]).toEqual([0, null, "done\n", ""]);
  });

  it("capture libbpf's output each for itself", () => {
    const worker = `
      const native = require(process.env.ADDON);
      const mine = "thread-" + require("worker_threads").threadId;
      let wrong = 0;
      for (let i = 0; i < 300; i++) {
        try { native.openObject(mine, Buffer.from("none")); } catch (error) { if (!error.log.includes("'" + mine + "'") || error.log.split("\\n").length !== 2) wrong++; }
      }
      process.exitCode = wrong === 0 ? 0 : 3;
    `;
    const body = `
      const { Worker } = require("worker_threads");
      const codes = [];
      for (let i = 0; i < 4; i++) new Worker(${JSON.stringify(worker)}, { eval: true }).on("exit", (code) => codes.push(code));
      process.on("exit", () => console.log(codes.join()));
    `;
    expect(child(body).stdout).toBe("0,0,0,0\n");
  });
});

describe("a second load", () => {
  it("into the same thread, of the same file and of a copy, shares nothing and breaks nothing", () => {
    const copy = join(scratch, "copy.node");
    copyFileSync(findAddon(), copy);
    const body = `
      const [path, copy] = process.argv.slice(1);
      delete require.cache[process.env.ADDON];
      const loads = [native, require(process.env.ADDON), require(copy)];
      const open = loads.map((one) => { const object = openFile(path, one); object.load(); return object.map("events"); });
      // A map of one load in a ring of another: the same kind of thing, or refused; never taken for something else.
      const crossed = loads.map((one, i) => {
        try { one.openRing(open[(i + 1) % 3], ${ring}).close(); return "opened"; } catch (error) { return error.code; }
      });
      console.log(loads[0] !== loads[1], open.map((map) => map.name).join(), crossed.every((one) => one === "opened" || one === "BAD_ARGUMENT"));
    `;
    const run = child(body, { args: [maps, copy] });
    expect([run.status, run.stdout, run.stderr]).toEqual([0, "true events,events,events true\n", ""]);
  });
});

describe("garbage collection", () => {
  it("frees the descriptors of what nobody holds, and keeps an open ring", () => {
    const body = `
      const [path] = process.argv.slice(1);
      ${descriptors}
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      const collect = async () => { for (let i = 0; i < 5; i++) { gc(); await turn(); } };
      (async () => {
        const object = openFile(path);
        object.load();
        await collect();
        const before = descriptors();
        (() => { for (let i = 0; i < 50; i++) { object.map("table"); native.openPidfd(process.pid); } })();
        const held = descriptors() - before;
        (() => { for (let i = 0; i < 5; i++) { const other = openFile(path); other.load(); } })();
        await collect();
        const after = descriptors() - before;
        let ring = native.openRing(object.map("events"), ${ring});
        const weak = new WeakRef(ring);
        ring = undefined;
        await collect();
        const ringKept = weak.deref() !== undefined;
        weak.deref()?.close();
        await turn();
        await collect();
        console.log(JSON.stringify({ held: held >= 100, after, ringKept, ringAfterClose: weak.deref() === undefined, end: descriptors() - before }));
      })();
    `;
    const run = child(body, { args: [maps], flags: ["--expose-gc"] });
    expect(run.stderr).toBe("");
    expect(JSON.parse(run.stdout)).toEqual({ held: true, after: 0, ringKept: true, ringAfterClose: true, end: 0 });
  });
});
