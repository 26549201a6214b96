// SPDX-License-Identifier: Apache-2.0
// Whether lines are a whole, unaltered chain. Fed line by line, in order; keeps no lines, only what is needed to tell a
// restart, a repeated line, a loss that the agent told, and tampering from one another.

import { hashLine, noLine } from "./chain.js";
import { isSignedBy } from "./key.js";
import { type Line, parseLine, type Run } from "./line.js";
import { Losses } from "./losses.js";
import { type Finding, type Verdict, type VerifyResult, worstOf } from "./result.js";

/** How far back a repeated line is known for one. */
const remembered = 65_536;
/** Findings that are kept; the rest is counted. */
const maxFindings = 100;

/** A run that goes on for so long after a checkpoint has remembered it: the agent does within two seconds. */
const memorableMs = 10_000;

type Found = Finding & { line: number };

export class Verifier {
  readonly #key: string | undefined;
  #signer: string | undefined;
  #at = "";
  #lines = 0;
  #repeated = 0;
  #runs = 0;
  #checkpoints = 0;
  /** Lines since the last good checkpoint. */
  #open = 0;
  #openAt = "";
  #unsignedBefore = { lines: 0, at: "" };
  #last: { event: Line; hash: string; at: string; line: number } | undefined;
  #lastCheckpoint = "";
  /** Hash by number, of this run. */
  #seen = new Map<number, string>();
  /** Hashes of checkpoints: what a run after a crash goes on from. */
  readonly #anchors = new Map<string, string>();
  /** Time of the first checkpoint of this run. */
  #signedAt: number | undefined;
  /** Some run so far must have been remembered by the next. */
  #memorable = false;
  /** Runs that know of none before them, until a signature says why. */
  #orphans: { at: string; line: number }[] = [];
  #torn: { at: string; line: number; whole: boolean } | undefined;
  readonly #losses = new Losses(
    (verdict, text, place) => this.#find(verdict, text, place),
    (findings) => (this.#left += findings),
  );
  #run: Run = { first: { at: "", line: 0 }, signed: 0, bare: undefined, stopped: "" };
  /** Hashes of the first lines of runs. */
  readonly #begun = new Set<string>();
  readonly #findings: Found[] = [];
  #left = 0;

  /** @param key public key in base64; if left out, the first checkpoint's is taken */
  constructor(key?: string) {
    this.#key = key;
    this.#signer = key;
  }

  /** @param at FILE:LINE
   *  @param whole its newline is there */
  take(bytes: Buffer, at: string, whole = true): void {
    this.#lines++;
    this.#at = at;
    const text = bytes.toString("utf8");
    const line = parseLine(text);
    if (line === undefined) {
      this.#settleTorn(undefined);
      this.#torn = { at, line: this.#lines, whole };
      return;
    }
    this.#settleTorn(line);
    const hash = hashLine(bytes);
    if (this.#seen.get(line.seq) === hash) {
      this.#repeated++;
      return;
    }
    this.#place(line, hash);
    if (line.type === "EVENTS_LOST") this.#losses.hear(line, this.#at);
    if (this.#open++ === 0) this.#openAt = this.#at;
    if (this.#signedAt !== undefined && line.time - this.#signedAt > memorableMs) this.#memorable = true;
    if (line.type === "CHECKPOINT") this.#checkpoint(line, text, hash);
    this.#remember(line, hash);
  }

  end(): VerifyResult {
    this.#settleTorn("end");
    this.#endRun();
    this.#losses.endRun(this.#run.signed > 0);
    this.#losses.end();
    this.#disown();
    const findings = this.#findings
      // Of a log in which nothing is signed the verdict says it.
      .filter(({ verdict }) => verdict !== "unsigned" || this.#checkpoints > 0)
      .sort((one, other) => one.line - other.line)
      .map(({ verdict, at, text }): Finding => ({ verdict, at, text }));
    let verdict: Verdict = worstOf(findings);
    if (verdict === "complete" && this.#checkpoints === 0) verdict = "unsigned";
    return {
      verdict,
      key: this.#signer,
      keyGiven: this.#key !== undefined,
      lines: this.#lines,
      repeated: this.#repeated,
      runs: this.#runs,
      checkpoints: this.#checkpoints,
      unsigned: this.#open,
      unsignedBefore: this.#unsignedBefore,
      last:
        this.#last === undefined ? undefined : { at: this.#last.at, seq: this.#last.event.seq, hash: this.#last.hash },
      findings,
      leftOut: this.#left,
    };
  }

  #find(verdict: Finding["verdict"], text: string, { at, line } = { at: this.#at, line: this.#lines }): void {
    // The first of each kind is always kept: it decides the verdict.
    const first = !this.#findings.some((one) => one.verdict === verdict);
    if (first || this.#findings.length < maxFindings) this.#findings.push({ verdict, at, text, line });
    else this.#left++;
  }

  /** A line that was cut by a crash stands right before a new run or at the end of all; anywhere else it is foreign. */
  #settleTorn(next: Line | "end" | undefined): void {
    const torn = this.#torn;
    this.#torn = undefined;
    if (torn === undefined) return;
    if (next === "end" && !torn.whole)
      this.#find("note", "a line that is cut off: it is being written, or a crash ended it", torn);
    else if (typeof next === "object" && next.seq === 1)
      this.#find("note", "a line that was cut off, before a restart", torn);
    else this.#find("altered", "not an event", torn);
  }

  #place(line: Line, hash: string): void {
    const before = this.#last;
    if (before === undefined) {
      this.#runs = 1;
      this.#begin(line, hash);
      if (line.seq > 1) this.#find("note", `begins with number ${line.seq}; what was before is not here`);
      else if (line.prev !== noLine) this.#find("note", "begins with a restart; the runs before it are not here");
      return;
    }
    if (line.node !== before.event.node) this.#find("altered", "of another node than the line before");
    if (line.seq === 1) {
      this.#restart(line, before);
      this.#begin(line, hash);
      return;
    }
    // What happens between it and the end of the process is in no sink's log.
    if (this.#run.stopped !== "")
      this.#find("altered", `put in: the run ended with its checkpoint at ${this.#run.stopped}`);
    if (line.seq === before.event.seq + 1) {
      if (line.prev !== before.hash)
        this.#find("altered", `not as it was written: the line after it, ${this.#at}, has another hash for it`, before);
    } else if (line.seq > before.event.seq) {
      const missing = line.seq - before.event.seq - 1;
      const which =
        missing === 1 ? `number ${line.seq - 1} is` : `numbers ${before.event.seq + 1} to ${line.seq - 1} are`;
      const unsigned = this.#open === 0 ? "" : `, and nothing signs the ${this.#open} lines before that`;
      const place = { at: this.#at, line: this.#lines };
      this.#losses.gap(`${which} missing before this line${unsigned}`, missing, place);
    } else this.#find("altered", `number ${line.seq} after number ${before.event.seq}: out of order, or put in`);
  }

  #begin(line: Line, hash: string): void {
    this.#run = { first: { at: this.#at, line: this.#lines }, signed: 0, bare: undefined, stopped: "" };
    if (line.seq !== 1) return;
    if (this.#begun.has(hash)) this.#find("altered", "a run that was here before comes again");
    this.#begun.add(hash);
  }

  #restart(line: Line, { hash, event }: { hash: string; event: Line }): void {
    const checkpoint = this.#anchors.get(line.prev);
    const open = this.#open;
    const here = { at: this.#at, line: this.#lines };
    const known = line.prev === hash || checkpoint !== undefined || line.prev === noLine;
    const missed = this.#losses.isMissed(line.prev);
    // A run that follows on the line before signs that too.
    if (line.prev !== hash && open > 0) {
      const { lines, at } = this.#unsignedBefore;
      this.#unsignedBefore = { lines: lines + open, at: at || this.#openAt };
    }
    this.#endRun();
    // What is missing of a run is judged when all the losses are known that were told of it.
    this.#losses.endRun(this.#run.signed > 0, line.prev, known || missed ? undefined : { ...here, lastSeq: event.seq });
    if (line.prev !== noLine) this.#disown();
    this.#runs++;
    if (line.prev === hash) this.#find("note", "restart of the agent, which follows on the line before");
    else if (checkpoint !== undefined)
      this.#find(
        "note",
        `restart after a crash: the run before is bound up to ${checkpoint}; the ${open} lines after it were not signed, and more may have been written`,
      );
    else if (line.prev === noLine) this.#orphans.push(here);
    else if (missed)
      this.#find("note", "restart after a crash, which follows on the same missing line as the run before");
    this.#open = 0;
  }

  #endRun(): void {
    const { first, signed, bare } = this.#run;
    if (signed > 0) {
      if (bare !== undefined)
        this.#find("altered", "a checkpoint without a signature, in a run that signs its checkpoints", bare);
    } else {
      if (this.#last !== undefined && worstOf(this.#findings) !== "altered")
        this.#find(
          "unsigned",
          "no checkpoint signs anything of this run: whoever could write it could make it up",
          first,
        );
    }
    this.#seen.clear();
    this.#signedAt = undefined;
  }

  /** A start that was killed before anything could be remembered says so, signed. @param crashed what the signature says */
  #disown(crashed = false): void {
    const explained = crashed && !this.#memorable;
    for (const orphan of this.#orphans) {
      if (explained) this.#find("note", "restart after a crash, before the run before it could be remembered", orphan);
      else
        this.#find(
          "altered",
          "a run that knows of none before it, though there is one: its state was removed, or this is another agent's log",
          orphan,
        );
    }
    this.#orphans = [];
  }

  #checkpoint(line: Line, text: string, hash: string): void {
    this.#anchors.set(hash, this.#at);
    const { key, signature, before } = line.detail;
    if (before === "crashed")
      this.#find("note", "the run before this one came to no orderly end: what it wrote last may be missing");
    if (typeof key !== "string" || typeof signature !== "string" || signature === "") {
      this.#find("note", "a checkpoint without a signature: the agent had no key");
      this.#run.bare ??= { at: this.#at, line: this.#lines };
      return;
    }
    this.#signer ??= key;
    if (key !== this.#signer) {
      this.#find("altered", `signed by another key, ${JSON.stringify(key).slice(0, 60)}`);
      return;
    }
    const unsigned = text.replace(`"signature":${JSON.stringify(signature)}`, '"signature":""');
    if (!isSignedBy(this.#signer, unsigned, signature)) {
      const since = this.#lastCheckpoint === "" ? "the first line" : `the checkpoint at ${this.#lastCheckpoint}`;
      this.#find("altered", `the signature is wrong: this line, or something since ${since}, is not as it was written`);
      return;
    }
    this.#checkpoints++;
    this.#run.signed++;
    if (line.detail["reason"] === "stop") this.#run.stopped = this.#at;
    this.#losses.believe(line, this.#at);
    this.#open = 0;
    this.#signedAt ??= line.time;
    this.#disown(before === "crashed");
    this.#lastCheckpoint = this.#at;
  }

  #remember(line: Line, hash: string): void {
    this.#last = { event: line, hash, at: this.#at, line: this.#lines };
    this.#seen.set(line.seq, hash);
    if (this.#seen.size <= remembered) return;
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest);
      break;
    }
  }
}
