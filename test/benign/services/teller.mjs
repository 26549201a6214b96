// SPDX-License-Identifier: Apache-2.0
// A protected service in Node: garbage, worker threads, children, files, sockets. GET / answers "ok" or the reason why not.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { Worker } from "node:worker_threads";

const port = 8091;

function makeGarbage() {
  let kept = [];
  for (let i = 0; i < 200; i++) {
    kept.push(Buffer.alloc(100_000, i));
    if (kept.length > 20) kept = [];
  }
}

const worker = () =>
  new Promise((resolve, reject) => {
    const thread = new Worker("require('node:worker_threads').parentPort.postMessage(6 * 7)", { eval: true });
    thread.once("message", (answer) => (answer === 42 ? resolve() : reject(new Error(`worker: ${answer}`))));
    thread.once("error", reject);
  });

async function work() {
  makeGarbage();
  readFileSync("/proc/self/environ");
  readFileSync("/proc/self/maps");
  writeFileSync("/run/teller.txt", "counted\n");
  if (execFileSync("/bin/echo", ["out"]).toString() !== "out\n") throw new Error("a child said nothing");
  await worker();
}

createServer((_, response) => {
  work().then(
    () => response.end("ok"),
    (error) => response.writeHead(500).end(String(error)),
  );
}).listen(port, "127.0.0.1", () => {
  // It is its own first client: a socket out and a socket in.
  request({ host: "127.0.0.1", port }, (response) => response.resume()).end();
});
