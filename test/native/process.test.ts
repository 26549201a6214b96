// SPDX-License-Identifier: Apache-2.0
// pidfd, peer credentials, exec, sd_notify and descriptor memory, each on processes of the test's own.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { child, failure, native, scratch } from "./support.js";

describe("pidfd", () => {
  it("signals a child, and knows when it has gone", async () => {
    const sleeper = spawn("sleep", ["60"]);
    const pidfd = native.openPidfd(sleeper.pid ?? 0);
    expect(pidfd.pid).toBe(sleeper.pid);
    expect(pidfd.fd).toBeGreaterThan(2);
    expect(pidfd.alive()).toBe(true);
    pidfd.signal(0);
    const exited = once(sleeper, "exit");
    pidfd.signal(15);
    expect(await exited).toEqual([null, "SIGTERM"]);
    expect(pidfd.alive()).toBe(false);
    expect(failure(() => pidfd.signal(9))).toMatchObject({ code: "ESRCH", errno: 3, target: String(sleeper.pid) });
    pidfd.close();
    pidfd.close();
    expect(pidfd.pid).toBe(sleeper.pid);
    for (const use of [() => pidfd.alive(), () => pidfd.signal(0), () => pidfd.fd]) {
      expect(failure(use).code).toBe("CLOSED");
    }
  });

  it("of a pid that nobody has", () => {
    const highest = Number(readFileSync("/proc/sys/kernel/pid_max", "utf8"));
    expect(failure(() => native.openPidfd(highest + 1))).toMatchObject({ code: "ESRCH", target: String(highest + 1) });
  });
});

describe("core size limit", () => {
  it("of a child is read, lowered, and read again", () => {
    const sleeper = spawn("sleep", ["60"]);
    const pid = sleeper.pid ?? 0;
    const [, hard] = native.coreLimit(pid);
    expect(native.coreLimit(pid, [0, hard])[1]).toBe(hard);
    expect(native.coreLimit(pid)).toEqual([0, hard]);
    const shown = /^Max core file size +(\S+) +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"));
    expect(shown?.slice(1, 3)).toEqual(["0", hard === -1 ? "unlimited" : String(hard)]);
    sleeper.kill();
  });

  it("refuses what is no limit, and a process that nobody has", () => {
    expect(failure(() => native.coreLimit(1, [0] as unknown as [number, number])).code).toBe("BAD_ARGUMENT");
    expect(failure(() => native.coreLimit(1, [-2, 0])).code).toBe("BAD_ARGUMENT");
    // As an int64_t it would be the least number, not the next one.
    expect(failure(() => native.coreLimit(process.pid, [2 ** 63, 2 ** 63])).code).toBe("BAD_ARGUMENT");
    const highest = Number(readFileSync("/proc/sys/kernel/pid_max", "utf8"));
    expect(failure(() => native.coreLimit(highest + 1))).toMatchObject({ code: "ESRCH" });
  });
});

/** Node keeps the descriptor of a socket to itself. */
const descriptorOf = (socket: Socket): number => (socket as unknown as { _handle: { fd: number } })._handle.fd;

describe("peer credentials", () => {
  it("of a unix socket are those of the process at its other end", async () => {
    const path = join(scratch, "peer.sock");
    const server = createServer();
    server.listen(path);
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const program = "require('net').connect(process.argv[1]).resume()";
    const peer = spawn(process.execPath, ["-e", program, path], { stdio: "ignore" });
    const [socket] = await accepted;
    expect(native.peerCredentials(descriptorOf(socket))).toEqual({
      pid: peer.pid,
      uid: process.getuid?.(),
      gid: process.getgid?.(),
    });
    peer.kill();
    socket.destroy();
    server.close();
  });

  it("of what is no socket, or no descriptor", () => {
    const file = openSync("/dev/null", "r");
    expect(failure(() => native.peerCredentials(file)).code).toBe("ENOTSOCK");
    expect(failure(() => native.peerCredentials(1_000_000))).toMatchObject({ code: "EBADF", target: "1000000" });
  });

  it("of an internet socket are nobody's", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const socket = connect(typeof address === "object" ? (address?.port ?? 0) : 0, "127.0.0.1");
    await once(socket, "connect");
    expect(native.peerCredentials(descriptorOf(socket)).pid).toBe(0);
    socket.destroy();
    server.close();
  });
});

describe("exec", () => {
  // Signals 32 and 33 are the C library's own: make leaves them ignored, and no program can change that through it.
  const internal = 3n << 31n;

  // Prints what an exec'd program inherits: pid, argument, environment, ignored and blocked signals, stdio flags.
  const report = [
    "import os,sys,json,fcntl",
    "status=dict(line.split(':\\t',1) for line in open('/proc/self/status').read().splitlines() if ':\\t' in line)",
    "flags=[bool(fcntl.fcntl(fd,fcntl.F_GETFL)&os.O_NONBLOCK) for fd in (0,1,2)]",
    "print(json.dumps([os.getpid(),sys.argv[1:],dict(os.environ).get('ONLY'),len(os.environ),status['SigIgn'],status['SigBlk'],flags]))",
  ].join("\n");
  const python = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" });

  it.skipIf(python.status !== 0)("replaces the process, and hands on none of Node's habits", () => {
    const body = `
      process.on("SIGTERM", () => {});
      process.stdin.resume();
      process.stderr.write(String(process.pid));
      native.exec(process.argv[1], ["python", "-SE", "-c", process.argv[2], "one", "two words"], ["ONLY=this", "LC_ALL=C"]);
    `;
    const run = child(body, { args: [python.stdout.trim(), report.replace("import os", "import signal,os")] });
    const [pid, argv, only, variables, ignored, blocked, nonblocking] = JSON.parse(run.stdout);
    expect(pid).toBe(Number(run.stderr));
    expect(argv).toEqual(["one", "two words"]);
    expect(only).toBe("this");
    expect(variables).toBe(2);
    // Python itself ignores SIGPIPE (13) and SIGXFSZ (25) when it starts.
    expect(BigInt(`0x${ignored}`) & ~((1n << 12n) | (1n << 24n) | internal)).toBe(0n);
    expect(blocked).toBe("0000000000000000");
    expect(nonblocking).toEqual([false, false, false]);
  });

  it("gives SIGPIPE its default back", () => {
    const body = `native.exec("/bin/sh", ["sh", "-c", "grep -E '^Sig(Ign|Blk)' /proc/self/status"], []);`;
    const [, blocked, after] = /^SigBlk:\s*(\w+)\nSigIgn:\s*(\w+)\n$/.exec(child(body).stdout) ?? [];
    expect(BigInt(`0x${blocked}`)).toBe(0n);
    expect(BigInt(`0x${after}`) & ~internal).toBe(0n);
    // Without exec it is ignored in Node, or the line above would prove nothing.
    const before = child(`console.log(require("fs").readFileSync("/proc/self/status", "utf8"))`);
    const ignored = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)$/m.exec(before.stdout)?.[1]}`);
    expect(ignored & (1n << 12n)).not.toBe(0n);
  });

  it("returns by throwing, with the process as it was", () => {
    const body = `
      const { readFileSync } = require("fs");
      const state = () => [
        readFileSync("/proc/self/status", "utf8").match(/^Sig(Ign|Blk|Cgt).*$/gm),
        [0, 1, 2].map((fd) => readFileSync("/proc/self/fdinfo/" + fd, "utf8").match(/flags:.*/)[0]),
      ].join();
      const before = state();
      try { native.exec("/no/such/program", ["x"], []); } catch (error) {
        console.log(JSON.stringify([error.code, error.target, state() === before]));
      }
    `;
    expect(JSON.parse(child(body).stdout)).toEqual(["ENOENT", "/no/such/program", true]);
  });

  it("from a worker too: the pid stays", () => {
    const body = `
      const { Worker } = require("worker_threads");
      process.stderr.write(String(process.pid));
      new Worker("require(process.env.ADDON).exec('/bin/sh', ['sh', '-c', 'echo $$'], [])", { eval: true });
    `;
    const run = child(body);
    expect(run.stdout.trim()).toBe(run.stderr);
  });
});

describe("notify", () => {
  const python = spawnSync("python3", ["-V"]).status === 0;
  const listener = [
    "import socket,sys",
    "name=sys.argv[1]",
    "s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)",
    "s.bind('\\0'+name[1:] if name[0]=='@' else name)",
    "s.settimeout(20)",
    "print('ready',flush=True)",
    "print(s.recv(4096).decode(),flush=True)",
  ].join("\n");

  it.skipIf(!python).each([join(scratch, "notify.sock"), `@cloudtaser-test-${process.pid}`])("to %s", async (name) => {
    const receiver = spawn("python3", ["-c", listener, name], { stdio: ["ignore", "pipe", "inherit"] });
    let heard = "";
    receiver.stdout.on("data", (data: Buffer) => {
      heard += data;
    });
    await once(receiver.stdout, "data");
    const run = child(`console.log(native.notify("READY=1\\nSTATUS=guarding"))`, { env: { NOTIFY_SOCKET: name } });
    expect(run.stdout).toBe("true\n");
    await once(receiver, "exit");
    expect(heard).toBe("ready\nREADY=1\nSTATUS=guarding\n");
  });

  it.skipIf(!python)("to a manager that reads nothing waits a moment, and says so", async () => {
    const name = join(scratch, "notify-full.sock");
    const deaf = listener.replace(/print\(s\.recv.*/, "sys.stdin.read()");
    const receiver = spawn("python3", ["-c", deaf, name], { stdio: ["pipe", "pipe", "inherit"] });
    await once(receiver.stdout, "data");
    const fill = `
      let sent = 0;
      try {
        for (; sent < 100_000; sent++) native.notify("WATCHDOG=1");
      } catch (error) {
        console.log(error.code, sent > 0);
      }`;
    expect(child(fill, { env: { NOTIFY_SOCKET: name } }).stdout).toBe("EAGAIN true\n");
    receiver.stdin.end();
    await once(receiver, "exit");
  });

  it("says false when nobody asked for it", () => {
    expect(child(`console.log(native.notify("READY=1"))`, { env: { NOTIFY_SOCKET: undefined } }).stdout).toBe(
      "false\n",
    );
  });

  it.each([
    ["relative/name", "EAFNOSUPPORT"],
    [`/${"x".repeat(200)}`, "ENAMETOOLONG"],
    ["/nobody/listens", "ENOENT"],
    [`@cloudtaser-nobody-${process.pid}`, "ECONNREFUSED"],
  ])("to %s fails", (name, code) => {
    const body = `try { native.notify("x") } catch (error) { console.log(error.code, error.target) }`;
    expect(child(body, { env: { NOTIFY_SOCKET: name } }).stdout).toBe(`${code} ${name}\n`);
  });
});

it("memlock of what has none", () => {
  const file = openSync("/dev/null", "r");
  expect(failure(() => native.memlock(file)).code).toBe("ENODATA");
  expect(failure(() => native.memlock(1_000_000)).code).toBe("EBADF");
});

it("versions and processors agree with what the system says", () => {
  expect(native.libbpfVersion()).toMatch(/^v\d+\.\d+$/);
  const possible = readFileSync("/sys/devices/system/cpu/possible", "utf8").trim();
  const last = Number(possible.split(/[-,]/).at(-1));
  expect(native.possibleCpus()).toBe(last + 1);
});
