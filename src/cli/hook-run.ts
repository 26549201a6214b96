// SPDX-License-Identifier: Apache-2.0
// The hook of a container runtime, which waits for its end before it starts the container's program. What fails decides
// between two evils, an unprotected container and one that does not start: by --on-failure, with a line that says so.

import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { ControlClient } from "../control/client.js";
import type { ContainerReport } from "../control/protocol.js";
import { CloudtaserError, exitCodeOf, printable, toCloudtaserError } from "../errors/index.js";
import type { HookOptions } from "./hook-options.js";
import { type ContainerState, type Read, readState } from "./hook-state.js";

export interface HookParts {
  read: Read;
  /** A line on standard error. */
  line: (text: string) => void;
  /** Loaded only when the agent is to be asked. */
  client: (socket: string) => Promise<Pick<ControlClient, "container">>;
  /** Where procfs is; tests have their own. */
  proc?: string;
}

/** Who waits for an agent that is being replaced, or for a place among its connections, looks so often. */
const retryMs = 100;
/** What would start anyhow waits no longer: the agent gives the API server two seconds to tell of a pod. */
const impatienceMs = 4_000;

/** What has come out so far, for when the time is over. */
interface Known {
  state?: ContainerState;
  wanted: boolean;
  /** What the last try to ask the agent ended with. */
  failure?: unknown;
}

function timedOut({ timeoutMs, socket }: HookOptions, known: Known): unknown {
  const { state, failure } = known;
  const seconds = `${timeoutMs / 1000} s`;
  if (state === undefined) {
    // Every runtime writes it at once. Whoever can slow a node down must not be able to get containers past this.
    known.wanted = true;
    const fields = { reason: `it did not come within ${seconds}` };
    return new CloudtaserError("CONTAINER_STATE", { target: "standard input", fields });
  }
  const fields = { reason: `no answer within ${seconds}` };
  return failure ?? new CloudtaserError("AGENT_UNREACHABLE", { target: socket, fields });
}

/** Returns the exit status: 0 lets the container start. */
export async function runHook(options: HookOptions, parts: HookParts): Promise<number> {
  const known: Known = { wanted: false };
  const until = performance.now() + options.timeoutMs;
  // It keeps the process alive: one that ended because nothing was left to wait for would let the container start.
  const over = new AbortController();
  const timeout = wait(options.timeoutMs, undefined, { signal: over.signal }).then(() => {
    throw timedOut(options, known);
  });
  try {
    return await Promise.race([work(options, parts, known, until), timeout]);
  } catch (thrown) {
    const error = toCloudtaserError(thrown, "hook");
    // The agent knows of pods what the runtime does not tell.
    if (error.code === "CONTAINER_UNGUARDED") known.wanted = true;
    const isRefused = refuses(options, known.state, known.wanted);
    const who = known.state === undefined ? "a container" : `container ${named(known.state)}`;
    const what = isRefused ? "is not started" : `starts unprotected (--on-failure ${options.onFailure})`;
    parts.line(`cloudtaser hook: ${who} ${what}: ${printable(error.message)}. ${printable(error.help)}`);
    return isRefused ? exitCodeOf(error) : 0;
  } finally {
    over.abort();
  }
}

const named = ({ id, label }: ContainerState): string => (label === "" ? id : `${id} (${label})`);

function refuses({ onFailure, spare }: HookOptions, state: ContainerState | undefined, wanted: boolean): boolean {
  if (onFailure === "annotated") return wanted;
  // Else the agent could never start again, nor what it needs.
  return onFailure === "refuse" && !(state !== undefined && spare.includes(state.namespace));
}

async function work(options: HookOptions, parts: HookParts, known: Known, until: number): Promise<number> {
  const state = await readState(parts.read);
  known.wanted = state.wanted;
  if ("error" in state) throw state.error;
  known.state = state;
  const { proc = "/proc" } = parts;
  // The end of a container is nothing to us; neither is the start of one that nobody asks for.
  if (state.status === "stopped" || !(state.wanted || state.ofKubernetes || isInPod(state.pid, proc))) return 0;
  const report = await ask(options, parts, state, known, until);
  if (report?.protected !== true && state.wanted) {
    const fields = { reason: "the agent did not say that it is protected" };
    throw new CloudtaserError("CONTAINER_UNGUARDED", { target: state.id, fields });
  }
  const notes = Array.isArray(report?.warnings) ? report.warnings : [];
  if (notes.length > 0)
    parts.line(`cloudtaser hook: container ${named(state)} is protected; ${printable(notes.join("; "), 2048)}`);
  return 0;
}

async function ask(
  options: HookOptions,
  parts: HookParts,
  state: ContainerState,
  known: Known,
  end: number,
): Promise<ContainerReport | null> {
  const { proc = "/proc" } = parts;
  const { id, pid, wanted, label } = state;
  const startTicks = pid === undefined ? undefined : startOf(pid, proc);
  const client = await parts.client(options.socket);
  const request = {
    id,
    wanted,
    ...(pid === undefined ? {} : { pid }),
    ...(startTicks === undefined ? {} : { startTicks }),
    ...(label === "" ? {} : { label }),
  };
  const isPatient = refuses(options, state, wanted);
  const until = isPatient ? end : Math.min(end, performance.now() + impatienceMs);
  for (;;) {
    try {
      return await client.container(request, Math.max(1, until - performance.now()));
    } catch (error) {
      known.failure = error;
      const code = error instanceof CloudtaserError ? error.code : undefined;
      // One that would start anyhow does not wait for an agent that is not there.
      if (!(code === "AGENT_UNREACHABLE" || (isPatient && code === "AGENT_NOT_RUNNING"))) throw error;
      if (performance.now() + retryMs >= until) throw error;
      await wait(retryMs);
    }
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Kubelets of any layout name the group of a pod so. */
const isInPod = (pid: number | undefined, proc: string): boolean =>
  pid !== undefined && /\/(?:[a-z-]*-)?pod[0-9a-f]{8}/.test(textOf(`${proc}/${pid}/cgroup`));

/** Undefined where numbers mean other processes: the procfs here is that of another namespace. */
function startOf(pid: number, proc: string): string | undefined {
  const own = /^NSpid:\s*(.*)$/m.exec(textOf(`${proc}/self/status`))?.[1] ?? "";
  if (own.trim().split(/\s+/).length !== 1) return undefined;
  const stat = textOf(`${proc}/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}
