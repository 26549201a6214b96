// SPDX-License-Identifier: Apache-2.0
// How the lab talks to the machine it runs on: run a tool to its end, say what is happening, find the tree.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LabError } from "./error.js";

export interface ToolOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Let the tool's own progress through to our stderr, where a person watches it. */
  progress?: boolean;
  /** What to do when it fails; a default sentence is used otherwise. */
  fix?: string;
}

/** Runs a tool to its end and returns its standard output; a status above 0 is a LabError with its last words. */
export function runTool(argv: readonly [string, ...string[]], options: ToolOptions = {}): Promise<string> {
  const [file, ...args] = argv;
  return new Promise((resolve, reject) => {
    const fail = (cause: string, output: string): void =>
      reject(
        new LabError({
          code: "LAB_TOOL_FAILED",
          about: file,
          cause,
          fix: options.fix ?? `Run it by hand to see more: ${argv.join(" ")}`,
          output,
        }),
      );
    const child = spawn(file, args, { cwd: options.cwd, env: options.env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (options.progress) process.stderr.write(text);
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (options.progress) process.stderr.write(text);
      err = (err + text).slice(-16_384);
    });
    child.on("error", (error) => fail(`could not be started (${error.message})`, ""));
    child.on("close", (status, signal) => {
      if (status === 0) resolve(out);
      else fail(signal ? `was ended by ${signal}` : `ended with status ${status}`, err || out);
    });
  });
}

/** One line to the person at the terminal. Standard output belongs to the guest's command. */
export function say(line: string): void {
  process.stderr.write(`lab: ${line}\n`);
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The top of the tree, whether this file runs compiled from dist/ or straight from test/lab. */
export function treeRoot(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); dir !== "/"; dir = dirname(dir)) {
    if (existsSync(join(dir, "package.json")) && existsSync(join(dir, "test", "lab", "guest-agent.c"))) return dir;
  }
  throw new LabError({
    code: "LAB_PRODUCT_MISSING",
    about: "the source tree",
    cause: "no folder above this file holds package.json and test/lab",
    fix: "Run the lab from inside a clone of the repository.",
  });
}

/** A file of test/lab that is not TypeScript and so stays in the source tree. */
export function labFile(name: string): string {
  return join(treeRoot(), "test", "lab", name);
}

/** A tar archive of one entry of a folder. */
export function archive(folder: string, entry: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn("tar", ["-C", folder, "-cf", "-", "--", entry], { stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (status) => {
      if (status === 0) return resolve(Buffer.concat(chunks));
      const fix = "Check that the file exists and can be read.";
      const about = join(folder, entry);
      return reject(
        new LabError({ code: "LAB_TOOL_FAILED", about, cause: "could not be packed for the guest", fix, output: err }),
      );
    });
  });
}
