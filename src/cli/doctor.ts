// SPDX-License-Identifier: Apache-2.0
// cloudtaser doctor: what this kernel can do, door by door, tried rather than read, and what to change. With an agent
// running it asks that one: a second set of doors beside the first would prove nothing.

import type { Command } from "commander";
import type { StatusReport } from "../control/protocol.js";
import { CloudtaserError } from "../errors/index.js";
import type { Diagnosis } from "../kernel/diagnose.js";
import type { KernelFacts } from "../kernel/probe.js";
import { adviceFor } from "./doctor-advice.js";
import { doctorLines, doctorValue } from "./doctor-report.js";
import { doctorStatus } from "./doctor-verdict.js";
import { type Io, type Session, sessionOf } from "./io.js";

/** What doctor found out. Exactly one of agent, diagnosis and untried is set. */
export interface Finding {
  facts: KernelFacts;
  agent: StatusReport | undefined;
  diagnosis: Diagnosis | undefined;
  /** Why the doors were not tried. */
  untried: string | undefined;
  /** Locked down so far that no guard can be loaded any more. */
  lockedOut: boolean;
}

export function addDoctor(program: Command, io: Io): void {
  program
    .command("doctor")
    .description("try what this kernel can do, door by door, and say what to change")
    .action(async (_: unknown, command: Command) => {
      const session = sessionOf(io, command);
      const finding = await examine(io, session);
      const advice = adviceFor(finding);
      io.status = doctorStatus(finding);
      if (session.json) session.value(doctorValue(finding, advice));
      else for (const line of doctorLines(finding, advice, session.color)) session.line(line);
    });
}

async function examine(io: Io, session: Session): Promise<Finding> {
  const { readKernelFacts } = await import("../kernel/probe.js");
  const facts = readKernelFacts();
  const lockedOut = facts.lockdown === "confidentiality" && facts.btf && (await isLockedOut(io, facts));
  const none = { facts, agent: undefined, diagnosis: undefined, untried: undefined, lockedOut };
  if (!facts.root) return { ...none, untried: "trying the doors needs root" };
  const agent = await runningAgent(session);
  if (agent !== undefined) return { ...none, agent };
  if (!facts.btf) return { ...none, untried: "this kernel does not describe its types (no BTF)" };
  if (lockedOut) {
    return { ...none, untried: "locked down to confidentiality, the kernel lets BPF programs read no memory" };
  }
  const [{ loadConfig }, { Pins }, { diagnose }] = await Promise.all([
    import("../config/index.js"),
    import("../kernel/pins.js"),
    import("../kernel/diagnose.js"),
  ]);
  const config = loadConfig({ file: session.configFile, env: io.env });
  if (new Pins(config.pinPath).standing) {
    // They would refuse first, and ours would never be called: that looks like a fault of the kernel.
    return { ...none, untried: `guards that an earlier agent left stand at ${config.pinPath}` };
  }
  const onProgress = (form: string): void => session.note(`trying every door in the ${form} form …`);
  const objects = { directory: config.objectPath, digests: config.objectDigests };
  const options = { native: await io.native(), facts, objects, onProgress };
  return { ...none, diagnosis: await diagnose(options) };
}

async function isLockedOut(io: Io, facts: KernelFacts): Promise<boolean> {
  const { lockedOut } = await import("../kernel/objects.js");
  return lockedOut(await io.native(), facts);
}

async function runningAgent(session: Session): Promise<StatusReport | undefined> {
  try {
    return await (await session.client()).status();
  } catch (error) {
    if (error instanceof CloudtaserError && error.code === "AGENT_NOT_RUNNING") return undefined;
    throw error;
  }
}
