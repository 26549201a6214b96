// SPDX-License-Identifier: Apache-2.0
// Enrichment tells no tale of another process; clock, ids, names and procfs parsing.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  containerIdOf,
  createBootClock,
  createFacts,
  createProcReader,
  errnoName,
  formatTime,
  type ProcReader,
  syscallName,
} from "../../src/pipeline/index.js";
import { LruCache } from "../../src/pipeline/lru.js";
import { parseCgroup, parseStat, readBootId } from "../../src/pipeline/procfs.js";
import { uuidv7 } from "../../src/pipeline/uuid.js";

const who = {
  startBoottimeNs: 1_000_000_000n,
  cgroupId: 5n,
  exeIno: 1n,
  exeDev: 1,
  tgid: 10,
  tid: 10,
  ppid: 9,
  uid: 0,
  group: 0,
  comm: "x",
};

function reading(change: Partial<ProcReader> = {}): ProcReader {
  return {
    stat: (pid) => ({ comm: `p${pid}`, ppid: pid - 1, startTicks: BigInt(pid * 10) }),
    exePath: (pid) => `/exe/${pid}`,
    cgroupPath: () => "/a",
    cgroupId: () => 5n,
    users: () => "root:x:0:0:\nevil\u001b:x:66:0:\nbroken\n",
    ...change,
  };
}

describe("facts", () => {
  it("are of the process with that start time, or empty", () => {
    expect(createFacts(reading()).of(who, true)).toMatchObject({ exePath: "/exe/10", cgroupPath: "/a" });
    const facts = createFacts(reading());
    expect(facts.of({ ...who, startBoottimeNs: 990_000_000n }, true)).toEqual({ parent: [] });
    expect(facts.stats.gone).toBe(1);
  });

  it("are thrown away when the process id changes hands while they are read", () => {
    let reads = 0;
    const stat: ProcReader["stat"] = (pid) => ({
      comm: "x",
      ppid: 0,
      startTicks: pid === 10 && ++reads > 1 ? 999n : 100n,
    });
    expect(createFacts(reading({ stat })).of(who, false)).toEqual({ parent: [] });
  });

  it("give no path of a control group that is not the recorded one", () => {
    expect(createFacts(reading()).of({ ...who, cgroupId: 6n }, false)).not.toHaveProperty("cgroupPath");
  });

  it("follow at most eight ancestors, and none that is younger than its child", () => {
    expect(
      createFacts(reading())
        .of(who, true)
        .parent.map(({ pid }) => pid),
    ).toEqual([9, 8, 7, 6, 5, 4, 3, 2]);
    const stat: ProcReader["stat"] = (pid) => ({
      comm: "x",
      ppid: pid - 1,
      startTicks: pid === 7 ? 500n : BigInt(pid * 10),
    });
    expect(
      createFacts(reading({ stat }))
        .of(who, true)
        .parent.map(({ pid }) => pid),
    ).toEqual([9, 8]);
  });

  it("are cached, and limited in number per second", () => {
    let now = 0;
    const facts = createFacts(reading({ stat: () => ({ comm: "x", ppid: 0, startTicks: 100n }) }), {
      budgetPerSecond: 3,
      nowMs: () => now,
    });
    for (let i = 0; i < 5; i++) facts.of(who, true);
    expect(facts.stats).toEqual({ reads: 1, skipped: 0, gone: 0 });
    for (let i = 0; i < 5; i++) facts.of({ ...who, exeIno: BigInt(100 + i) }, true);
    expect(facts.stats).toEqual({ reads: 3, skipped: 3, gone: 0 });
    now = 1000;
    expect(facts.of({ ...who, exeIno: 104n }, true)).toHaveProperty("exePath");
  });

  it("name users, printably", () => {
    const facts = createFacts(reading());
    expect([facts.userName(0), facts.userName(66), facts.userName(7)]).toEqual(["root", "evil\\x1b", undefined]);
  });

  it("read a real procfs", () => {
    const reader = createProcReader();
    const me = reader.stat(process.pid);
    expect(me?.ppid).toBe(process.ppid);
    expect(reader.exePath(process.pid)).toBe(process.execPath);
    expect(reader.stat(2 ** 22)).toBeUndefined();
    const startBoottimeNs = (me?.startTicks ?? 0n) * 10_000_000n + 123n;
    const facts = createFacts(reader).of({ ...who, tgid: process.pid, ppid: process.ppid, startBoottimeNs }, true);
    expect(facts.exePath).toBe(process.execPath);
    expect(facts.parent[0]?.pid).toBe(process.ppid);
  });

  it("do not follow a control group path out of its mount", () => {
    expect(createProcReader({ cgroups: "/proc/self" }).cgroupId("/fd")).toBeDefined();
    expect(createProcReader({ cgroups: "/proc/self" }).cgroupId("/../self")).toBeUndefined();
  });
});

describe("procfs parsing", () => {
  it("finds the end of a name that looks like the end of a name", () => {
    const tail = `S 42 ${Array.from({ length: 17 }, () => 0).join(" ")} 777 0`;
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 15 }), (comm) => {
        expect(parseStat(`7 (${comm}) ${tail}`)).toEqual({ comm, ppid: 42, startTicks: 777n });
      }),
    );
    expect(parseStat("7 (x")).toBeUndefined();
    expect(parseStat("")).toBeUndefined();
  });

  it("knows the boot only where the kernel tells it", () => {
    expect(readBootId()).toBe(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
    expect(readBootId("/nonexistent")).toBeUndefined();
  });

  it("takes the unified hierarchy's path", () => {
    expect(parseCgroup("4:memory:/m\n0::/system.slice/a.service\n")).toBe("/system.slice/a.service");
    expect(parseCgroup("4:memory:/m\n")).toBeUndefined();
  });

  it.each([
    [`/kubepods.slice/x/cri-containerd-${"0f".repeat(32)}.scope`, "0f".repeat(32)],
    [`/kubepods/burstable/pod1/${"0f".repeat(32)}`, "0f".repeat(32)],
    [`/docker/${"0f".repeat(32)}/init.scope`, "0f".repeat(32)],
    [`/kubepods/pod1:cri-containerd:${"0f".repeat(32)}`, "0f".repeat(32)],
    [`/kubepods.slice/x/crio-${"0f".repeat(32)}.scope`, "0f".repeat(32)],
    [`/machine.slice/libpod-${"0f".repeat(32)}.scope/container`, "0f".repeat(32)],
    [`/kubepods.slice/x/crio-conmon-${"0f".repeat(32)}.scope`, undefined],
    [`/machine.slice/libpod-conmon-${"0f".repeat(32)}.scope`, undefined],
    [`/docker/${"0f".repeat(33)}`, undefined],
    ["/system.slice/ssh.service", undefined],
  ])("container of %s", (path, id) => expect(containerIdOf(path)).toBe(id));
});

describe("clock", () => {
  it("waits for the tick, ignores drift and follows a clock that was set", () => {
    let steady = 0;
    let wallShift = 1_000_000;
    const clock = createBootClock({
      steadyMs: () => (steady += 1),
      wallMs: () => wallShift + steady,
      readUptime: () => `${(Math.floor(steady / 10) / 100).toFixed(2)} 1.0\n`,
    });
    const start = clock.offsetNs();
    expect(Number(start / 1_000_000n)).toBeGreaterThanOrEqual(1_000_000);
    expect(Number(start / 1_000_000n)).toBeLessThan(1_000_004);
    steady += 20_000;
    wallShift += 7;
    expect(clock.offsetNs()).toBe(start);
    steady += 20_000;
    wallShift += 3_600_000;
    expect(Number((clock.offsetNs() - start) / 1_000_000n)).toBeGreaterThanOrEqual(3_600_000);
  });

  it("agrees with the machine's own boot time", () => {
    const boot = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1];
    expect(Math.abs(Number(createBootClock().offsetNs() / 1_000_000n) - Number(boot) * 1000)).toBeLessThan(2000);
  });

  it("writes nine decimals", () => {
    expect(formatTime(1_000_000_007n)).toBe("1970-01-01T00:00:01.000000007Z");
  });
});

describe("names and ids", () => {
  const header = (bits: number) => {
    try {
      return readFileSync(`/usr/include/x86_64-linux-gnu/asm/unistd_${bits}.h`, "utf8");
    } catch {
      return undefined;
    }
  };
  it.skipIf(header(64) === undefined || header(32) === undefined)(
    "agree with the kernel's headers (linux-libc-dev)",
    () => {
      for (const [bits, compat] of [
        [64, false],
        [32, true],
      ] as const) {
        const numbers = new Map<string, string>();
        for (const [, name = "", number = ""] of (header(bits) ?? "").matchAll(/#define __NR_(\w+) (\d+)/g))
          numbers.set(number, name);
        let known = 0;
        for (let number = 0; number < 500; number++) {
          const name = syscallName(number, compat);
          if (name.startsWith("syscall_")) continue;
          known++;
          expect(name).toBe(numbers.get(String(number)));
        }
        expect(known).toBeGreaterThan(30);
      }
    },
  );

  it("name errors", () => {
    expect([errnoName(0), errnoName(-1), errnoName(-13), errnoName(-4095)]).toEqual([
      null,
      "EPERM",
      "EACCES",
      "errno_4095",
    ]);
  });

  it("are version 7, unique and in order", () => {
    const ids = Array.from({ length: 3000 }, (_, index) => uuidv7(1_700_000_000_000, index));
    expect(new Set(ids).size).toBe(3000);
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("LruCache", () => {
  it("never holds more than it may, nor forgets what is among the last half", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.array(fc.nat(12)), (limit, uses) => {
        const cache = new LruCache<number, string>(limit);
        const order: number[] = [];
        for (const key of uses) {
          const recent = new Set(order.slice(-Math.floor(limit / 2)));
          const found = cache.get(key);
          if (recent.has(key)) expect(found).toBe(`${key}`);
          if (found === undefined) cache.set(key, `${key}`);
          order.push(key);
          expect(cache.size).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it("forgets what was not used for long", () => {
    const cache = new LruCache<number, string>(2);
    cache.set(1, "a");
    cache.set(2, "b");
    cache.get(1);
    cache.set(3, "c");
    expect([cache.get(1), cache.get(2), cache.get(3), cache.size]).toEqual(["a", undefined, "c", 2]);
  });
});
