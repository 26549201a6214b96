// SPDX-License-Identifier: Apache-2.0
// cloudtaser verify: whether a log is whole and as the agent wrote it. Needs no agent, no root and no machine of its own.

import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { CloudtaserError, exitCodes, printable, reasonOf } from "../errors/index.js";
import type { Finding, VerifyResult } from "../evidence/index.js";
import { type Io, type Session, sessionOf } from "./io.js";
import { paint } from "./table.js";

const maxKeyFile = 4096;

export function addVerify(program: Command, io: Io): void {
  program
    .command("verify")
    .description("prove that a log of events is whole and unaltered, or name the first line that is not")
    .argument("<file...>", "files in the native format, in any order")
    .option("--key <key>", "the agent's public key as status shows it, or a file that holds it")
    .action(async (files: string[], options: { key?: string }, command: Command) => {
      const session = sessionOf(io, command);
      const { parsePublicKey, verifyFiles } = await import("../evidence/index.js");
      const key = options.key === undefined ? undefined : keyOf(options.key, parsePublicKey);
      const result = await verifyFiles(files, key);
      io.status = statusOf(result);
      if (session.json) session.value(result);
      else for (const line of verifyLines(result, session)) session.line(line);
    });
}

function statusOf({ verdict }: VerifyResult): number {
  if (verdict === "complete") return 0;
  return verdict === "unsigned" ? exitCodes.unproven : exitCodes.failed;
}

function keyOf(given: string, parse: (text: string) => string): string {
  try {
    return parse(given);
  } catch {
    // Then it is a file.
  }
  try {
    return parse(readFileSync(given, "utf8").slice(0, maxKeyFile));
  } catch (cause) {
    const reason = `${given}: neither 32 bytes in base64 nor a file with a public key: ${reasonOf(cause)}`;
    throw new CloudtaserError("USAGE", { target: "--key", fields: { reason }, cause });
  }
}

const shownFindings = 20;

const styles = { note: "dim", unsigned: "yellow", incomplete: "yellow", altered: "red" } as const;

export function verifyLines(result: VerifyResult, { color }: Pick<Session, "color">): string[] {
  const { findings, leftOut, lines, last } = result;
  const shown = findings.slice(0, shownFindings);
  const hidden = findings.length - shown.length + leftOut;
  const finding = ({ verdict, at, text }: Finding): string =>
    `  ${paint(verdict.padEnd(10), styles[verdict], color)} ${printable(at)}: ${printable(text, 1000)}`;
  return [
    verdictLine(result, color),
    ...shown.map(finding),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
    `  lines      ${lines}, of them ${result.repeated} repeated, in ${result.runs} runs of the agent; ${result.checkpoints} good checkpoints`,
    `  key        ${keyText(result)}`,
    ...(last === undefined ? [] : [`  last       number ${last.seq}, ${last.hash} (${printable(last.at)})`]),
    `  the end    ${endText(result)}`,
  ];
}

function verdictLine({ verdict, findings, checkpoints, unsignedBefore }: VerifyResult, color: boolean): string {
  const first = (kind: Finding["verdict"]): string => printable(findings.find((one) => one.verdict === kind)?.at ?? "");
  switch (verdict) {
    case "complete":
      return unsignedBefore.lines === 0
        ? paint("complete and unaltered", "green", color)
        : paint(
            `complete and unaltered but for ${unsignedBefore.lines} lines that nothing signs, written before a crash or made up; first at ${printable(unsignedBefore.at)}`,
            "yellow",
            color,
          );
    case "incomplete":
      return paint(
        `incomplete: lines are missing, which the agent told; first at ${first("incomplete")}`,
        "yellow",
        color,
      );
    case "altered":
      return paint(`NOT as it was written; first at ${first("altered")}`, "red", color);
    case "unsigned":
      return paint(
        checkpoints === 0
          ? "a chain without gaps, but nothing in it is signed: whoever could write it could make it up"
          : `a chain without gaps, but not all of its runs are signed; first at ${first("unsigned")}`,
        "yellow",
        color,
      );
  }
}

function keyText({ key, keyGiven }: VerifyResult): string {
  if (key === undefined) return "none";
  const shown = printable(key, 64);
  return keyGiven ? shown : `${shown}, taken from the log itself: compare it with the agent's status, or give --key`;
}

function endText({ unsigned, checkpoints }: VerifyResult): string {
  const open =
    checkpoints === 0 ? "nothing is signed" : `${unsigned} lines after the last checkpoint, chained but not signed`;
  return `${open}; whether more followed, no log can tell: compare number and hash with status or another sink`;
}
