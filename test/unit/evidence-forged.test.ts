// SPDX-License-Identifier: Apache-2.0
// What somebody can do to a log who may write it but has not the key: put in lines and runs where nothing signs them, play
// back old ones, and make up a loss. None of it passes for a complete log.

import { describe, expect, it } from "vitest";
import { Chain, hashLine, Verifier, type VerifyResult } from "../../src/evidence/index.js";
import type { NoticeEvent } from "../../src/formats/index.js";
import { buildNotice, type Notice } from "../../src/pipeline/notice.js";
import { run, signer } from "./evidence-support.js";

function verify(lines: readonly string[]): VerifyResult {
  const verifier = new Verifier(signer.publicKey);
  for (const [index, line] of lines.entries()) verifier.take(Buffer.from(line), `log:${index + 1}`);
  return verifier.end();
}

const text = (result: VerifyResult): string[] =>
  result.findings.map(({ verdict, text: said }) => `${verdict}: ${said}`);

/** Lines that go on from one of a log, with hashes that fit and no signature: all that it takes is the log. */
function forge(after: string, notices: readonly Notice[], seq?: number): string[] {
  let { seq: last } = JSON.parse(after) as NoticeEvent;
  if (seq !== undefined) last = seq - 1;
  let prev = hashLine(after);
  return notices.map((notice) => {
    const line = JSON.stringify(buildNotice(notice, { seq: ++last, prev }, { node: "n1" }));
    prev = hashLine(line);
    return line;
  });
}

const made: Notice[] = [{ type: "AGENT_STARTED" }, { type: "CHECKPOINT", detail: { reason: "start" } }];
const first = new Chain();
const before = run(first, 7);
const second = new Chain(first.head.hash);
const after = run(second, 3);
const endOf = (lines: readonly string[]): string => lines.at(-1) ?? "";

describe("without the key", () => {
  it("nothing can be put in behind the checkpoint of an orderly stop", () => {
    const forged = forge(endOf(before), [{ type: "GUARD_PROVED" }, { type: "AGENT_STOPPED" }]);
    for (const lines of [
      [...before, ...forged, ...after],
      [...before, ...forged],
    ]) {
      const result = verify(lines);
      expect(result.verdict).toBe("altered");
      expect(result.findings.find(({ verdict }) => verdict === "altered")?.at).toBe(`log:${before.length + 1}`);
    }
  });

  it("no run can be put in or appended: one that nothing signs is no part of a complete log", () => {
    const forged = forge(endOf(before), [...made, { type: "GUARD_PROVED" }], 1);
    for (const lines of [
      [...before, ...forged],
      [...before, ...forged, ...after],
    ]) {
      const result = verify(lines);
      expect(result).toMatchObject({ verdict: "unsigned", checkpoints: expect.toSatisfy((count) => count > 0) });
      expect(result.findings.find(({ verdict }) => verdict === "unsigned")?.at).toBe(`log:${before.length + 1}`);
    }
  });

  it("no checkpoint of a run that signs can be one without a signature", () => {
    const died = run(new Chain(), 7, { stop: false });
    expect(verify(died).verdict).toBe("complete");
    const forged = forge(endOf(died), [
      { type: "CHECKPOINT", detail: { reason: "interval" } },
      { type: "GUARD_PROVED" },
    ]);
    expect(text(verify([...died, ...forged]))).toContainEqual(expect.stringMatching(/^altered: .*without a signature/));
  });

  it("no run can be played back", () => {
    const third = run(new Chain(second.head.hash), 3);
    expect(verify([...before, ...after, ...third])).toMatchObject({ verdict: "complete", runs: 3 });
    for (const lines of [
      [...before, ...after, ...third, ...after],
      [...before, ...after, ...before],
      [...after, ...before, ...after],
    ]) {
      expect(text(verify(lines)).find((one) => one.startsWith("altered"))).toBeDefined();
    }
    expect(text(verify([...before, ...after, ...third, ...after]))).toContainEqual(
      "altered: a run that was here before comes again",
    );
    expect(verify([...before, ...after, ...after])).toMatchObject({ verdict: "complete", repeated: after.length });
  });

  it("what is put in behind the last checkpoint of a run that crashed is counted as signed by nothing", () => {
    const died = run(new Chain(), 10, { stop: false });
    const anchor = endOf(died);
    const next = run(new Chain(hashLine(anchor)), 3);
    expect(verify([...died, ...next])).toMatchObject({ verdict: "complete", unsignedBefore: { lines: 0 } });
    const forged = forge(
      anchor,
      Array.from({ length: 50 }, () => ({ type: "GUARD_PROVED" }) as const),
    );
    expect(verify([...died, ...forged, ...next])).toMatchObject({
      verdict: "complete",
      unsigned: 0,
      unsignedBefore: { lines: 50, at: `log:${died.length + 1}` },
    });
  });

  it("no loss can be made up that covers lines which were taken out", () => {
    const died = run(new Chain(), 22, { stop: false });
    const cut = died.filter((_, index) => index !== 9);
    const forged = forge(endOf(died), [{ type: "EVENTS_LOST", count: 9, detail: { file_queue_full: 9 } }]);
    const result = verify([...cut, ...forged]);
    expect(result.verdict).toBe("altered");
    expect(text(result)).toContainEqual(expect.stringMatching(/no loss was told that a checkpoint signs/));
  });

  it("no loss can be made up before lines that were taken out, and that a checkpoint behind them seems to sign", () => {
    const lines = run(new Chain(), 60);
    const forged = forge(lines[19] ?? "", [{ type: "EVENTS_LOST", count: 20, detail: { file_queue_full: 20 } }]);
    const result = verify([...lines.slice(0, 20), ...forged, ...lines.slice(31)]);
    expect(result.verdict).toBe("altered");
    expect(text(result)).toContainEqual(expect.stringMatching(/no loss was told that a checkpoint signs/));
    // Nor of the run before.
    const head = { run: "before", head: first.head.hash, seq: first.head.seq, file_closed: 9 };
    const [begin = "", ...rest] = after;
    const before9 = before.slice(0, -3);
    const made9 = forge(begin, [{ type: "EVENTS_LOST", count: 9, detail: head }]);
    expect(verify([...before9, begin, ...made9, ...rest]).verdict).toBe("altered");
    expect(verify([...before9, begin, ...made9, ...rest.slice(1)]).verdict).toBe("altered");
  });

  it("a checkpoint's own sums explain a gap though the line that told of it is gone too", () => {
    const lines = run(new Chain(), 22, { sums: { file_queue_full: 3 } });
    const without = (...gone: number[]) => verify(lines.filter((_, index) => !gone.includes(index)));
    expect(without(9, 10, 12)).toMatchObject({ verdict: "incomplete", findings: [{}, {}] });
    expect(without(9, 10, 12, 15)).toMatchObject({ verdict: "altered" });
  });

  it("what stands before a told gap, and no checkpoint signs, is said to be so", () => {
    const lost = { 17: { type: "EVENTS_LOST", count: 1, detail: { file_queue_full: 1 } } as Notice };
    const lines = run(new Chain(), 22, { lost });
    // A checkpoint stands at number 8; 9 and 10 can be made anew once 11 is gone.
    const forged = forge(lines[7] ?? "", [{ type: "GUARD_PROVED" }, { type: "AGENT_STARTED" }]);
    const result = verify([...lines.slice(0, 8), ...forged, ...lines.slice(11)]);
    expect(result.verdict).toBe("incomplete");
    expect(result.findings[0]?.text).toMatch(/^number 11 is missing.* nothing signs the 2 lines before that/);
  });
});
