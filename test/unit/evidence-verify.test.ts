// SPDX-License-Identifier: Apache-2.0
// A log that is whole verifies, however it was cut into files; whatever is changed in one is found, and named by its line.

import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Chain,
  hashLine,
  openSigner,
  parsePublicKey,
  recallHead,
  rememberHead,
  Verifier,
} from "../../src/evidence/index.js";
import type { NoticeEvent } from "../../src/formats/index.js";
import { buildNotice, type Notice } from "../../src/pipeline/notice.js";
import { directory, other, run, signer } from "./evidence-support.js";

function verify(lines: readonly string[], key: string | null = signer.publicKey) {
  const verifier = new Verifier(key ?? undefined);
  for (const [index, line] of lines.entries()) verifier.take(Buffer.from(line), `log:${index + 1}`);
  return verifier.end();
}

const whole = run(new Chain(), 22);

describe("verify", () => {
  it("finds a whole log whole, and says what signed it and what the end is worth", () => {
    expect(verify(whole)).toMatchObject({
      verdict: "complete",
      key: signer.publicKey,
      lines: 29,
      repeated: 0,
      runs: 1,
      checkpoints: 6,
      unsigned: 0,
      last: { at: "log:29", seq: 29 },
      findings: [],
    });
    expect(verify(whole.slice(0, -1))).toMatchObject({ verdict: "complete", unsigned: 2 });
    expect(verify(whole, null)).toMatchObject({ verdict: "complete", keyGiven: false, key: signer.publicKey });
  });

  it("names the line for every single changed byte", () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }), (index, where, change) => {
        const bytes = whole.map((line) => Buffer.from(line));
        const line = bytes[index] ?? Buffer.alloc(0);
        const at = where % line.length;
        line[at] = (line[at] ?? 0) ^ change;
        const verifier = new Verifier(signer.publicKey);
        for (const [number, one] of bytes.entries()) verifier.take(one, `log:${number + 1}`);
        const { verdict, findings, unsigned } = verifier.end();
        // The last line may be made another than a checkpoint: then it is one that nothing covers, and is told as such.
        if (index === whole.length - 1 && unsigned > 0) return;
        expect(verdict).not.toBe("complete");
        // The line itself, or where the chain breaks right after it.
        const first = findings.find((one) => one.verdict !== "note")?.at;
        expect([index, index + 1, index + 2].map((number) => `log:${number}`)).toContain(first);
      }),
      { numRuns: 150 },
    );
  });

  it("takes only one way of writing a signature", () => {
    const last = whole.at(-1) ?? "";
    const [, signature = ""] = /"signature":"([^"]+)"/.exec(last) ?? [];
    expect(signature.endsWith("==")).toBe(true);
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const end = letters[(letters.indexOf(signature.at(-3) ?? "") ^ 1) & 63];
    for (const other of [`${signature.slice(0, -3)}${end}==`, signature.slice(0, -2), ` ${signature}`]) {
      expect(verify([...whole.slice(0, -1), last.replace(signature, other)]).verdict).toBe("altered");
    }
  });

  it("finds lines that were taken out, put in, or put elsewhere", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length - 2 }), fc.nat(whole.length - 1), (from, to) => {
        const cut = whole.filter((_, index) => index !== from);
        expect(verify(cut).verdict).toBe("altered");
        const moved = [...cut.slice(0, to), whole[from] ?? "", ...cut.slice(to)];
        if (to !== from) expect(verify(moved).verdict).toBe("altered");
        const forged = [...whole.slice(0, from), `${whole[from]}`.replace("n1", "n2"), ...whole.slice(from)];
        expect(verify(forged).verdict).toBe("altered");
      }),
    );
  });

  it("finds a chain that was made anew by somebody without the key", () => {
    const forged = run(new Chain(), 22, { key: other });
    expect(verify(forged)).toMatchObject({ verdict: "altered", checkpoints: 0 });
    expect(verify(forged).findings[0]?.at).toBe("log:2");
    expect(verify(forged).findings[0]?.text).toContain("another key");
    // A new chain with the old signatures in it.
    const chain = new Chain();
    const rewritten = whole.map((line) => {
      const old = JSON.parse(line) as NoticeEvent;
      return chain.add((place) => ({ ...old, ...place, count: old.seq === 12 ? 7 : old.count })).line.trimEnd();
    });
    expect(verify(rewritten).verdict).toBe("altered");
    expect(verify(rewritten).findings[0]).toMatchObject({ at: "log:14" });
  });

  it("says unsigned of a chain that nobody signed, and proves nothing by an unsigned checkpoint", () => {
    const chain = new Chain();
    const lines = [1, 2, 3].map(() =>
      chain.add((place) => buildNotice({ type: "GUARD_PROVED" }, place, { node: "n" })).line.trimEnd(),
    );
    lines.push(chain.add((place) => buildNotice({ type: "CHECKPOINT" }, place, { node: "n" })).line.trimEnd());
    expect(verify(lines)).toMatchObject({ verdict: "unsigned", checkpoints: 0 });
  });

  it("takes a repeated line for a repetition", () => {
    const repeated = whole.flatMap((line, index) => (index % 7 === 3 ? [line, line] : [line]));
    expect(verify(repeated)).toMatchObject({ verdict: "complete", repeated: 4 });
    const again = [...whole.slice(0, 12), ...whole.slice(8)];
    expect(verify(again)).toMatchObject({ verdict: "complete", repeated: 4 });
  });

  it("tells an orderly restart, a crash, a lost run and an agent without memory from one another", () => {
    const first = new Chain();
    const before = run(first, 7);
    const after = run(new Chain(first.head.hash), 3);
    const text = (lines: readonly string[]) =>
      verify(lines).findings.map(({ verdict, text: said }) => `${verdict}: ${said}`);
    expect(verify([...before, ...after])).toMatchObject({ verdict: "complete", runs: 2 });
    expect(text([...before, ...after])).toEqual(["note: restart of the agent, which follows on the line before"]);
    // The last checkpoint that the agent remembered is older than its last line.
    const crashed = new Chain();
    const died = run(crashed, 7, { stop: false });
    const remembered = died.findLastIndex((line) => line.includes('"CHECKPOINT"'));
    const next = run(new Chain(hashLine(died[remembered] ?? "")), 3);
    expect(verify([...died, ...next]).verdict).toBe("complete");
    expect(text([...died, ...next])[0]).toMatch(/^note: restart after a crash.*the 2 lines after it/);
    expect(text([...died, '{"cut', ...next])[0]).toMatch(/^note: a line that was cut off/);
    expect(verify([...died, '{"cut', ...died.slice(-1)]).verdict).toBe("altered");
    const gone = run(new Chain("ab".repeat(32)), 3);
    expect(text([...before, ...gone])).toEqual([expect.stringMatching(/^altered: .*forerunner is not here/)]);
    expect(text([...before, ...run(new Chain(), 3)])).toEqual([expect.stringMatching(/^altered: .*knows of none/)]);
    expect(text(after)).toEqual(["note: begins with a restart; the runs before it are not here"]);
    // A whole run may have been lost with its memory; the next one says that there was one.
    const chain = new Chain(hashLine(before.at(-1) ?? ""));
    const detail = { reason: "start", before: "crashed", key: signer.publicKey };
    const start = chain.add((place) =>
      buildNotice({ type: "CHECKPOINT", detail, sign: signer.sign }, place, { node: "n1" }),
    );
    expect(text([...before, start.line.trimEnd()])[1]).toMatch(/^note: the run before this one came to no orderly end/);
    expect(text(before.slice(4))).toEqual(["note: begins with number 5; what was before is not here"]);
  });

  it("takes the word of a signature for a run that was killed before it could be remembered, and of nothing else", () => {
    const early = run(new Chain(), 3, { stop: false });
    /** A run that knows of none before it. */
    const orphan = (before: string, sign: typeof signer | null = signer) => {
      const chain = new Chain();
      const add = (notice: Notice, nowMs: number) =>
        chain.add((place) => buildNotice(notice, place, { node: "n1" }, nowMs)).line.trimEnd();
      const detail = { reason: "start", before, ...(sign === null ? {} : { key: sign.publicKey }) };
      const notice: Notice = { type: "CHECKPOINT", detail, ...(sign === null ? {} : { sign: sign.sign }) };
      return (lasted = 0) => [
        add({ type: "AGENT_STARTED" }, Date.now()),
        add(notice, Date.now()),
        add({ type: "GUARD_PROVED" }, Date.now() + lasted),
      ];
    };
    const verdict = (...runs: string[][]) => verify(runs.flat()).verdict;
    expect(verdict(early, orphan("crashed")())).toBe("complete");
    const texts = verify([...early, ...orphan("crashed")()]).findings.map(({ text }) => text);
    expect(texts).toContainEqual(expect.stringMatching(/^restart after a crash, before/));
    // Killed again before its own signature was written: the next one speaks for it, and nothing for its lines.
    expect(verdict(early, orphan("crashed")().slice(0, 1), orphan("crashed")())).toBe("unsigned");
    expect(verdict(early, orphan("crashed")().slice(0, 1))).toBe("altered");
    expect(verdict(early, orphan("unknown")())).toBe("altered");
    expect(verdict(early, orphan("crashed", null)())).toBe("altered");
    expect(verdict(early, orphan("crashed", other)())).toBe("altered");
    // That one lasted for long enough: what came after it must know of it.
    expect(verdict(orphan("unknown")(60_000), orphan("crashed")())).toBe("altered");
    expect(verdict(orphan("unknown")(5_000), orphan("crashed")())).toBe("complete");
  });

  it("says of a gap whether the agent told of a loss as large", () => {
    const lost = { 20: { type: "EVENTS_LOST", count: 3, detail: { siem_spool_full: 3, ring_full: 90 } } as Notice };
    const lines = run(new Chain(), 25, { lost });
    const without = (...gone: number[]) => lines.filter((_, index) => !gone.includes(index));
    const told = verify(without(9, 10, 12));
    expect(told).toMatchObject({
      verdict: "incomplete",
      findings: [{ verdict: "incomplete" }, { verdict: "incomplete" }],
    });
    expect(told.findings[0]?.text).toContain("numbers 10 to 11 are missing");
    expect(told.findings[0]?.text).toContain("siem");
    expect(verify(without(9, 10, 12, 15))).toMatchObject({ verdict: "altered" });
  });

  it("keeps the first of each kind however much is wrong, and survives anything that is fed to it", () => {
    const noise = Array.from({ length: 500 }, (_, index) => `{"noise":${index}}`);
    const { findings, leftOut } = verify([...whole.slice(0, 3), ...noise, ...whole.slice(3)]);
    expect(findings[0]).toMatchObject({ at: "log:4", text: "not an event" });
    expect(findings.length + leftOut).toBe(500);
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json(), fc.constantFrom(...whole))), (lines) => {
        const { verdict } = verify(lines);
        // One right before a run counts as cut off by a crash.
        const foreign = lines.filter((line, at) => !whole.includes(line) && lines[at + 1] !== whole[0]);
        if (foreign.length > 0) expect(verdict).toBe("altered");
      }),
    );
  });
});

describe("key and memory", () => {
  it("is made once, with mode 0600, and is the same at the next start", () => {
    const path = join(directory, "state", "evidence.key");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(openSigner(path).publicKey).toBe(signer.publicKey);
    expect(Buffer.from(signer.publicKey, "base64")).toHaveLength(32);
  });

  it("refuses a key that others may read, that is a link, or that is none; and says nothing of it", () => {
    const path = join(directory, "loose.key");
    openSigner(path);
    const secret = readFileSync(path, "utf8").split("\n")[1] ?? "?";
    chmodSync(path, 0o640);
    const link = join(directory, "link.key");
    symlinkSync(join(directory, "other.key"), link);
    const none = join(directory, "none.key");
    writeFileSync(none, "-----BEGIN PRIVATE KEY-----\nxxxx\n", { mode: 0o600 });
    for (const bad of [path, link, none, directory]) {
      expect(() => openSigner(bad)).toThrow(expect.objectContaining({ code: "EVIDENCE_KEY_UNUSABLE", target: bad }));
      try {
        openSigner(bad);
      } catch (error) {
        expect(String((error as Error).stack) + String((error as Error).cause)).not.toContain(secret);
      }
    }
    expect(() => parsePublicKey("AAAA")).toThrow("32 bytes");
  });

  it("remembers the head, and takes anything else for none", () => {
    const path = join(directory, "chain.json");
    const nothing = { head: "0".repeat(64), crashed: false, told: undefined, seq: 0, untold: {} };
    const hash = "cd".repeat(32);
    expect(recallHead(path)).toEqual(nothing);
    rememberHead(path, { hash, seq: 7, running: true });
    const kept = { head: hash, crashed: true, told: undefined, seq: 7, untold: {} };
    expect(recallHead(path)).toEqual(kept);
    const counts = { told: { ring_full: 40 }, untold: { file_closed: 3 } };
    rememberHead(path, { hash, seq: 7, running: false, ...counts });
    expect(recallHead(path)).toEqual({ ...kept, crashed: false, ...counts });
    for (const told of ['"x"', '{"ring_full":-1}', '{"ring_full":"9"}', '{"__proto__":1,"A b":2}']) {
      writeFileSync(path, `{"head":"${hash}","seq":7,"running":true,"told":${told},"untold":${told}}`);
      expect(recallHead(path)).toEqual(kept);
    }
    for (const text of ["", "{}", '{"head":3}', '{"head":"xyz"}', "x".repeat(100_000)]) {
      writeFileSync(path, text);
      expect(recallHead(path)).toEqual(nothing);
    }
  });
});
