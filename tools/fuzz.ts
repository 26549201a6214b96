// SPDX-License-Identifier: Apache-2.0
// Runs fuzzers for some seconds each, onwards from what they found worth keeping before. Usage: fuzz SECONDS TARGET…;
// fails with the input that a target does not stand.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { pathToFileURL } from "node:url";

const directory = "build/fuzz";

export interface FuzzResult {
  target: string;
  /** Inputs tried. */
  runs: number;
  /** What was said about the input that failed, with its file; "" if none did. */
  fault: string;
}

/** Most of one input: secrets may be longer, but every road through the code is there by then. */
const maxLength = 4096;

export async function fuzz(target: string, seconds: number): Promise<FuzzResult> {
  const corpus = `${directory}/corpus/${target}`;
  mkdirSync(corpus, { recursive: true });
  const dictionary = `test/fuzz/${target}.dict`;
  const seeds = `${directory}/seeds/${target}`;
  const args = [
    corpus,
    ...(existsSync(seeds) ? [seeds] : []),
    `-max_total_time=${seconds}`,
    `-max_len=${maxLength}`,
    // One input: seconds, and memory of the whole process.
    "-timeout=5",
    "-rss_limit_mb=1024",
    "-use_value_profile=1",
    "-print_final_stats=1",
    `-artifact_prefix=${directory}/${target}-`,
    ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
  ];
  let said = "";
  const status = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(`${directory}/${target}`, args, { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-64 * 1024);
    });
    child.once("error", reject);
    child.once("close", resolve);
  });
  const runs = Number(/stat::number_of_executed_units:\s*(\d+)/.exec(said)?.[1] ?? 0);
  return { target, runs, fault: status === 0 ? "" : said.replace(/^#\d.*\n/gm, "") };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [seconds = "", ...targets] = process.argv.slice(2);
  if (!/^[1-9]\d*$/.test(seconds)) throw new Error(`seconds: a whole number from 1 on, not ${seconds}`);
  for (const target of targets) {
    const { runs, fault } = await fuzz(target, Number(seconds));
    process.stdout.write(`${target}: ${runs} inputs${fault === "" ? "" : ", and one that failed"}\n`);
    if (fault === "") continue;
    process.stderr.write(fault);
    process.exitCode = 1;
  }
}
