// SPDX-License-Identifier: Apache-2.0
// The lab's command line, its frames, and the words it uses when a guest is lost.

import { describe, expect, it } from "vitest";
import { parseArguments } from "../lab/arguments.js";
import { GuestCommand } from "../lab/command.js";
import { ConsoleWatch, findTrouble, type Trouble } from "../lab/console.js";
import { LabError } from "../lab/error.js";
import { encodeExec, encodeFrame, encodeUint32, FrameReader, frameType } from "../lab/wire.js";

describe("arguments", () => {
  it("splits its own options from the command", () => {
    const args = parseArguments([
      "--kernel",
      "6.12",
      "--copy",
      "a/b",
      "--copy",
      "c:/d",
      "--smp",
      "3",
      "--",
      "ls",
      "--kernel",
    ]);
    expect(args).toMatchObject({ kernel: "6.12", smp: 3, memory: "2G", tcg: "single", product: true, shell: false });
    expect(args?.command).toEqual(["ls", "--kernel"]);
    expect(args?.copy).toEqual([
      { from: "a/b", to: "/root/b" },
      { from: "c", to: "/d" },
    ]);
  });

  it("returns nothing for --help", () => {
    expect(parseArguments(["--help"])).toBeUndefined();
  });

  it.each([
    [["--", "true"], /--kernel: it is missing/],
    [["--kernel", "6.1"], /COMMAND: it is missing/],
    [["--kernel", "6.1", "--shell", "--", "true"], /--shell: it takes no command/],
    [["--kernel", "6.1", "--smp", "0", "--", "true"], /--smp: "0" is not a whole number/],
    [["--kernel", "6.1", "--memory", "2", "--", "true"], /--memory: "2"/],
    [["--kernel", "6.1", "--tcg", "kvm", "--", "true"], /--tcg: "kvm"/],
    [["--kernel", "6.1", "--copy", "a:b", "--", "true"], /--copy: "b" is not a full path/],
    [["--kernel", "6.1", "--icount", "--tcg", "multi", "--", "true"], /--icount: it cannot be combined/],
    [["--kernel", "6.1", "--colour", "--", "true"], /arguments: .*--colour/],
  ])("refuses %j", (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(message);
  });
});

describe("frames", () => {
  it("survive any cut of the stream", () => {
    const stream = Buffer.concat([
      encodeFrame(frameType.out, 7, Buffer.from("abc")),
      encodeFrame(frameType.exit, 7, encodeUint32(0)),
    ]);
    for (let cut = 0; cut <= stream.length; cut++) {
      const reader = new FrameReader();
      const frames = [...reader.push(stream.subarray(0, cut)), ...reader.push(stream.subarray(cut))];
      expect(frames.map(({ type, id, payload }) => [type, id, payload.toString("latin1")])).toEqual([
        [frameType.out, 7, "abc"],
        [frameType.exit, 7, "\0\0\0\0"],
      ]);
    }
  });

  it("refuse a zero byte, which would end a string early", () => {
    expect(() => encodeExec("/", ["a\0b"], {})).toThrow(/zero byte/);
  });
});

describe("a command", () => {
  const ended = (waitStatus: number) => {
    const command = new GuestCommand(1, () => undefined);
    command.accept(frameType.out, Buffer.from("o"));
    command.accept(frameType.err, Buffer.from("e"));
    command.accept(frameType.exit, encodeUint32(waitStatus));
    return command.done;
  };

  it("gives its status and both streams", async () => {
    expect(await ended(3 << 8)).toEqual({ status: 3, stdout: "o", stderr: "e" });
  });

  it("names the signal that ended it", async () => {
    expect(await ended(9)).toEqual({ status: 137, stdout: "o", stderr: "e", signal: "SIGKILL" });
    expect(await ended(11 | 0x80)).toMatchObject({ status: 139, signal: "SIGSEGV" });
  });

  it("is not found to have printed what it did not", async () => {
    const command = new GuestCommand(1, () => undefined);
    const waiting = command.waitForOutput(/ready/);
    command.accept(frameType.exit, encodeUint32(0));
    expect(await waiting).toBe(false);
  });
});

describe("the console", () => {
  it.each([
    ["[    5.8] Kernel panic - not syncing: sysrq triggered crash", "LAB_GUEST_PANIC"],
    ["watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [node:123]", "LAB_GUEST_LOCKUP"],
    ["BUG: kernel NULL pointer dereference, address: 0000", "LAB_GUEST_OOPS"],
    ["Oops: 0002 [#1] SMP NOPTI", "LAB_GUEST_OOPS"],
  ])("knows trouble: %s", (line, code) => {
    expect(findTrouble(line)?.code).toBe(code);
  });

  it("does not cry wolf", () => {
    expect(findTrouble("random: crng init done")).toBeUndefined();
    expect(findTrouble("DEBUG: whoops")).toBeUndefined();
  });

  it("finds it across chunks and keeps the last lines without terminal escapes", () => {
    const seen: Trouble[] = [];
    const watch = new ConsoleWatch((trouble) => seen.push(trouble), 3);
    for (const text of ["\u001b[2Jone\r\ntwo\nKernel pa", "nic - x\nthree\nfo", "ur"]) watch.push(text);
    expect(seen.map(({ code }) => code)).toEqual(["LAB_GUEST_PANIC"]);
    expect(watch.tail(10)).toEqual(["two", "Kernel panic - x", "three", "four"]);
    expect(watch.tail(1)).toEqual(["four"]);
  });
});

describe("LabError", () => {
  it("says what, about what, why, what to do, and what the guest said last", () => {
    const error = new LabError({
      code: "LAB_GUEST_HUNG",
      about: "guest 6.1",
      cause: "no answer",
      fix: "Boot another one.",
      console: ["last words"],
    });
    expect(error.message).toBe(
      "LAB_GUEST_HUNG: guest 6.1: no answer\n  Boot another one.\n  the guest's last console lines:\n    | last words",
    );
    expect(error).toMatchObject({ name: "LabError", code: "LAB_GUEST_HUNG", about: "guest 6.1" });
  });

  it("admits a silent console and leaves out one that has no part in it", () => {
    const parts = { code: "LAB_TOOL_FAILED", about: "a", cause: "b", fix: "c" } as const;
    expect(new LabError({ ...parts, console: [] }).message).toContain("(nothing was printed)");
    expect(new LabError(parts).message).not.toContain("console");
  });
});
