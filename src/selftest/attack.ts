// SPDX-License-Identifier: Apache-2.0
// Runs one attack program once, as root or as nobody, and takes its one line of truth. What it read stays here: the
// answer only says whether a token was in it.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Attacker } from "./result.js";

/** An attack in an emulated guest takes a second or two; one that hangs is no answer. */
const patienceMs = 30_000;

/** From the end of an attack program to the end of its output. */
const leftBehindMs = 2_000;

/** What a trigger prints at most. */
const maxOutput = 16 * 1024;

/** The user "nobody" of Linux. */
const nobody = 65_534;

export interface Aim {
  pid: number;
  tid2: number;
  address: string;
  scratch: string;
  length: number;
  fd: number;
  secret: string;
}

export interface Attack {
  /** Process id of the attack program, 0 if it did not start. */
  pid: number;
  /** Another process that attacked in its place; pid if there was none. */
  attackerPid: number;
  result: "succeeded" | "refused" | "not tried" | "ended by a signal" | "no answer";
  /** "EPERM" …, "" for none. */
  errno: string;
  /** Why it was not tried, which signal, what went wrong. */
  why: string;
  /** The target's token, or a good part of it, came out. */
  tokenOut: boolean;
}

export interface AttackOptions {
  file: string;
  road: string;
  aim: Aim;
  as: Attacker;
  env: Readonly<Record<string, string>>;
  /** Told of the process id before the process can have done anything. */
  onStart: (pid: number) => void;
  signal?: AbortSignal | undefined;
}

export function attack(options: AttackOptions): Promise<Attack> {
  const { file, road, aim, as, env, onStart, signal } = options;
  const argv = ["--live", "--road", road, "--target", `${aim.pid}`, "--tid", `${aim.tid2}`, "--address", aim.address];
  argv.push("--scratch", aim.scratch, "--length", `${aim.length}`, "--fd", `${aim.fd}`);
  return new Promise((resolve) => {
    const notStarted = (error: unknown): Attack => {
      const why = `the attack program cannot be started as ${as}`;
      return { pid: 0, attackerPid: 0, result: "not tried", errno: errnoOf(error), why, tokenOut: false };
    };
    const user = as === "nobody" ? { uid: nobody, gid: nobody } : {};
    let child: ChildProcessByStdio<null, Readable, null>;
    try {
      child = spawn(file, argv, {
        stdio: ["ignore", "pipe", "ignore"],
        cwd: "/",
        env: { ...env },
        ...user,
        ...(signal ? { signal, killSignal: "SIGKILL" as const } : {}),
      });
    } catch (error) {
      // Node throws what it does not expect of a program: EPERM, where CAP_SETUID or CAP_SETGID is missing.
      resolve(notStarted(error));
      return;
    }
    const pid = child.pid ?? 0;
    if (pid > 0) onStart(pid);
    let output = "";
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, patienceMs);
    const end = (found: Omit<Attack, "pid">): void => {
      clearTimeout(timer);
      resolve({ pid, ...found });
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (output.length < maxOutput) output += text;
    });
    child.once("error", (error) => {
      if (pid > 0) return; // an abort, after which the end comes all the same
      end(notStarted(error));
    });
    // A process that it left behind may hold the pipe.
    child.once("exit", (status, killedBy) =>
      setTimeout(() => child.emit("close", status, killedBy), leftBehindMs).unref(),
    );
    child.once("close", (_status, killedBy) => {
      const tokenOut = holdsToken(output, aim.secret);
      const nothing = { attackerPid: pid, errno: "", tokenOut };
      if (timedOut) end({ ...nothing, result: "no answer", why: `the attack program hung for ${patienceMs / 1000} s` });
      else if (killedBy !== null) end({ ...nothing, result: "ended by a signal", why: killedBy });
      else end({ ...truthOf(output, pid), tokenOut });
    });
  });
}

const errnoOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

/** Half of it is a theft too. */
export function holdsToken(text: string, token: string): boolean {
  const half = token.length >> 1;
  return half > 0 && (text.includes(token.slice(0, half)) || text.includes(token.slice(half)));
}

/** The trigger's line, without what it got. */
export function truthOf(output: string, pid: number): Omit<Attack, "pid" | "tokenOut"> {
  const none = { attackerPid: pid, errno: "", result: "no answer" as const };
  let said: Record<string, unknown>;
  try {
    said = JSON.parse(output) as Record<string, unknown>;
  } catch {
    return { ...none, why: "the attack program said nothing that can be understood" };
  }
  if (typeof said !== "object" || said === null || typeof said["succeeded"] !== "boolean")
    return { ...none, why: "the attack program said nothing that can be understood" };
  const errno = said["errno"] ? String(said["errnoName"]) : "";
  const attackerPid = Number(said["pid"]) || pid;
  if (said["why"] !== undefined) return { attackerPid, result: "not tried", errno, why: String(said["why"]) };
  return { attackerPid, result: said["succeeded"] ? "succeeded" : "refused", errno, why: "" };
}
