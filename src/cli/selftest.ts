// SPDX-License-Identifier: Apache-2.0
// cloudtaser selftest: attacks a canary on this node by every road that is harmless there and says what was stopped. 0: everything; 1: not.

import type { Command } from "commander";
import type { Config } from "../config/index.js";
import type { ControlClient } from "../control/client.js";
import { CloudtaserError } from "../errors/index.js";
import type { SelftestResult } from "../selftest/index.js";
import type { VectorName } from "../vectors/index.js";
import { vectorNamed } from "./explain.js";
import { type Io, type Session, sessionOf } from "./io.js";
import { selftestLines } from "./selftest-report.js";

interface SelftestFlags {
  vector: VectorName[];
  withAgent?: boolean;
}

export function addSelftest(program: Command, io: Io): void {
  program
    .command("selftest")
    .description("attack a process of its own by every road that is harmless here, and say what was stopped")
    .option(
      "--vector <name>",
      "only this vector; may be given several times",
      (name: string, before: VectorName[]) => [...before, vectorNamed(name, "--vector")],
      [],
    )
    .option("--with-agent", "start an agent for the test, in enforce mode, and stop it afterwards")
    .action(async ({ vector, withAgent }: SelftestFlags, command: Command) => {
      const session = sessionOf(io, command);
      const uid = process.geteuid?.() ?? 0;
      if (uid !== 0) throw new CloudtaserError("NOT_ROOT", { target: "selftest", fields: { uid } });
      const { loadConfig } = await import("../config/index.js");
      const config = loadConfig({ file: session.configFile, env: io.env });
      const result = await interruptible((signal) => make(io, session, { config, vector, withAgent, signal }));
      io.status = result.exitStatus;
      if (session.json) session.value(result);
      else for (const line of selftestLines(result, session.color)) session.line(line);
      const { keepEvidence } = await import("../selftest/index.js");
      session.note(`kept as ${keepEvidence(result, config.selftest)}`);
    });
}

/** SIGINT and SIGTERM end the test in order: the canary, and an agent of its own, must not stay. */
async function interruptible<Value>(work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const abort = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => abort.abort(name);
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    return await work(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    throw new CloudtaserError("SELFTEST_INTERRUPTED", { target: String(abort.signal.reason), cause: error });
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}

interface Task {
  config: Config;
  vector: VectorName[];
  withAgent: boolean | undefined;
  signal: AbortSignal;
}

async function make(io: Io, session: Session, task: Task): Promise<SelftestResult> {
  const [{ runSelftest, takeLock, defaultLock }, { triggersPath }] = await Promise.all([
    import("../selftest/index.js"),
    import("../kernel/paths.js"),
  ]);
  const { config, vector, withAgent, signal } = task;
  const progress = session.json ? () => {} : progressLine(io);
  const vectors = vector.length > 0 ? vector : undefined;
  const test = (client: ControlClient): Promise<SelftestResult> =>
    runSelftest({ client, triggers: triggersPath(), lock: undefined, vectors, progress, signal });
  const client = await session.client();
  const release = await takeLock(defaultLock);
  try {
    if (withAgent) {
      const { withOwnAgent } = await import("./selftest-agent.js");
      return await withOwnAgent({ client, config, native: await io.native(), note: session.note, signal }, test);
    }
    const result = await test(client);
    if (result.whole) {
      const { reportOf } = await import("../selftest/index.js");
      await client.selftest(reportOf(result));
    }
    return result;
  } catch (error) {
    if (error instanceof CloudtaserError && error.code === "AGENT_NOT_RUNNING")
      throw new CloudtaserError("SELFTEST_NO_AGENT", { target: client.socket, cause: error });
    throw error;
  } finally {
    progress(1, 1, "");
    await release();
  }
}

/** One line on a terminal that is written over; nothing elsewhere. */
function progressLine({ stderr }: Io): (done: number, total: number, what: string) => void {
  if (stderr.isTTY !== true) return () => {};
  return (done, total, what) => void stderr.write(`\r\u001b[K${done < total ? `${done}/${total} ${what}` : ""}`);
}
