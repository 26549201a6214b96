// SPDX-License-Identifier: Apache-2.0
// A log is the same however it was cut into files, in whatever order they are named, and while the agent goes on writing it.

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { Chain, hashLine, verifyFiles } from "../../src/evidence/index.js";
import { buildNotice } from "../../src/pipeline/notice.js";
import { directory, run, signer } from "./evidence-support.js";

describe("verifyFiles", () => {
  it("puts rotated files in order, in whatever order they are named, and takes concatenated ones", async () => {
    const first = new Chain();
    const lines = [...run(first, 20), ...run(new Chain(first.head.hash), 20)];
    const file = (name: string, part: readonly string[]) => {
      const path = join(directory, name);
      writeFileSync(path, part.map((line) => `${line}\n`).join(""));
      return path;
    };
    const parts = [lines.slice(0, 9), lines.slice(9, 33), lines.slice(33)];
    const [oldest = "", middle = "", newest = ""] = parts.map((part, index) => file(`log.${2 - index}`, part));
    for (const order of [
      [newest, middle, oldest],
      [middle, newest, oldest, oldest],
    ]) {
      expect(await verifyFiles(order, signer.publicKey)).toMatchObject({
        verdict: "complete",
        lines: lines.length,
        runs: 2,
      });
    }
    expect(await verifyFiles([newest, oldest])).toMatchObject({ verdict: "altered" });
    expect(await verifyFiles([file("all", lines)])).toMatchObject({ verdict: "complete" });
    await expect(verifyFiles([newest, join(directory, "none")])).rejects.toMatchObject({ code: "LOG_UNREADABLE" });
    await expect(verifyFiles([directory])).rejects.toMatchObject({ code: "LOG_UNREADABLE" });
  });

  it("finds a log whole whose clock was set, back and forth within a run and by a day between two", async () => {
    const start = Date.now();
    let turn = 0;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => start + (turn++ % 3) * 3_600_000);
    const first = new Chain();
    const before = run(first, 20);
    clock.mockImplementation(() => start - 86_400_000);
    const after = run(new Chain(first.head.hash), 20);
    clock.mockRestore();
    const path = (name: string): string => join(directory, name);
    for (const [name, lines] of [
      ["clock.1", before],
      ["clock", after],
    ] as const)
      writeFileSync(path(name), lines.map((line) => `${line}\n`).join(""));
    for (const order of [
      ["clock", "clock.1"],
      ["clock.1", "clock"],
    ]) {
      const result = await verifyFiles(order.map(path), signer.publicKey);
      expect(result).toMatchObject({ verdict: "complete", lines: before.length + after.length, runs: 2, unsigned: 0 });
    }
  });

  it("puts runs after a crash in order whatever the clock said", async () => {
    const place = (name: string, lines: readonly string[]): string => {
      const path = join(directory, name);
      writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
      return path;
    };
    const hour = 3_600_000;
    const died = run(new Chain(), 23, { stop: false });
    const anchor = died.findLast((line) => line.includes('"CHECKPOINT"')) ?? "";
    const second = new Chain(hashLine(anchor));
    const after = run(second, 8, { from: Date.now() - hour });
    const third = run(new Chain(second.head.hash), 3, { from: Date.now() - 2 * hour });
    for (const names of [
      ["crash.2", "crash.1", "crash"],
      ["a", "c", "b"],
    ]) {
      const paths = [died, after, third].map((lines, index) => place(names[index] ?? "", lines));
      for (const order of [paths, [...paths].reverse()])
        expect(await verifyFiles(order, signer.publicKey)).toMatchObject({ verdict: "complete", runs: 3 });
    }
    // The crashed run goes on in a file behind the one with the checkpoint.
    const cut = died.indexOf(anchor) + 2;
    const split = [died.slice(0, cut), died.slice(cut), after].map((lines, index) => place(`split.${index}`, lines));
    expect(await verifyFiles(split, signer.publicKey)).toMatchObject({ verdict: "complete", runs: 2 });
    // Nothing was remembered yet: only the names tell.
    const detail = { reason: "start", before: "crashed", key: signer.publicKey };
    const early = run(new Chain(), 3, { stop: false });
    const chain = new Chain();
    const orphan = chain.add((at) =>
      buildNotice({ type: "CHECKPOINT", detail, sign: signer.sign }, at, { node: "n1" }, Date.now() - hour),
    );
    const named = [place("early", [orphan.line.trimEnd()]), place("early.1", early)];
    expect(await verifyFiles(named, signer.publicKey)).toMatchObject({ verdict: "complete", runs: 2 });
  });

  it("puts files that name one another in a circle in some order, and finds them altered", async () => {
    const one = join(directory, "circle.a");
    const other = join(directory, "circle.b");
    const [, made = ""] = run(new Chain("ab".repeat(32)), 3);
    writeFileSync(other, `${run(new Chain(hashLine(made)), 3).join("\n")}\n`);
    const end = readFileSync(other, "utf8").split("\n").at(-3) ?? "";
    writeFileSync(one, `${[...run(new Chain(hashLine(end)), 3), made].join("\n")}\n`);
    expect(await verifyFiles([one, other], signer.publicKey)).toMatchObject({ verdict: "altered" });
  });

  it("takes files that are rotated meanwhile as they stood at one moment", async () => {
    const chain = new Chain();
    const path = (name: string): string => join(directory, name);
    const put = (name: string, count: number): void =>
      writeFileSync(
        path(name),
        // One run, which goes on from file to file.
        run(chain, count, { stop: false })
          .map((line) => `${line}\n`)
          .join(""),
      );
    for (const name of ["live.2", "live.1", "live"]) put(name, 12);
    const names = ["live", "live.1", "live.2"].map(path);
    for (let round = 0; round < 20; round++) {
      const result = verifyFiles(names, signer.publicKey);
      for (let turn = 0; turn < round % 4; turn++) await new Promise((resolve) => setImmediate(resolve));
      renameSync(path("live.1"), path("live.2"));
      renameSync(path("live"), path("live.1"));
      await new Promise((resolve) => setTimeout(resolve, round % 3));
      put("live", 12);
      expect((await result).verdict).toBe("complete");
    }
    // Between the two steps of a rotation the newest has no name.
    rmSync(path("live.2"));
    renameSync(path("live.1"), path("live.2"));
    renameSync(path("live"), path("live.1"));
    const result = verifyFiles(names, signer.publicKey);
    await new Promise((resolve) => setTimeout(resolve, 20));
    put("live", 12);
    expect((await result).verdict).toBe("complete");
  });

  it("takes a last line without its end for one that is being written, and nothing else", async () => {
    const path = join(directory, "torn");
    const lines = run(new Chain(), 20);
    const whole = lines.map((line) => `${line}\n`).join("");
    writeFileSync(path, `${whole}{"schema":"cloudtaser.event/v1","seq":2`);
    const result = await verifyFiles([path], signer.publicKey);
    expect(result).toMatchObject({
      verdict: "complete",
      findings: [{ verdict: "note", at: `${path}:${lines.length + 1}` }],
    });
    for (const more of ["\n", '\n{"x":1}', `\n${lines[3]}\n`]) {
      writeFileSync(path, `${whole}{"schema":"cloudtaser.event/v1","seq":2${more}`);
      expect(await verifyFiles([path], signer.publicKey)).toMatchObject({ verdict: "altered" });
    }
  });
});
