// SPDX-License-Identifier: Apache-2.0
// cloudtaser top: a screen of what is attacked, by whom, how often, at which doors. Once, it is text for a pipe.

import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { ControlClient } from "../control/client.js";
import type { StatusReport } from "../control/protocol.js";
import { CloudtaserError, printable, reasonOf } from "../errors/index.js";
import { follow } from "./events.js";
import { type Io, type Session, sessionOf } from "./io.js";
import { TopModel } from "./top-model.js";
import { renderTop } from "./top-view.js";

/** As many as the agent keeps. */
const backlog = 1000;

/** Another screen, no cursor, and no going on in the next line. */
const enterScreen = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const leaveScreen = "\u001b[?7h\u001b[?25h\u001b[?1049l";
/** From the top left; each line clears what was right of it, the last one what was below. */
const home = "\u001b[H";
const clearRight = "\u001b[K";
const clearBelow = "\u001b[J";

function parseInterval(text: string | undefined): number {
  const seconds = text === undefined ? 1 : /^\d{1,4}(\.\d)?$/.test(text) ? Number(text) : 0;
  if (seconds >= 0.1) return seconds * 1000;
  const reason = `--interval must be seconds, 0.1 or more, not ${JSON.stringify(text)}`;
  throw new CloudtaserError("USAGE", { target: "top", fields: { reason } });
}

export function addTop(program: Command, io: Io): void {
  program
    .command("top")
    .description("show what is attacked, by whom and how often, as it happens")
    .option("--once", "print it once and end, as also into a pipe")
    .option("--interval <seconds>", "time between two pictures (default 1)")
    .action(async (options: { once?: boolean; interval?: string }, command: Command) => {
      const session = sessionOf(io, command);
      const interval = parseInterval(options.interval);
      const client = await session.client();
      if (options.once || session.json || io.stdout.isTTY !== true) await once(client, session);
      else await live(client, session, io, interval);
    });
}

async function once(client: ControlClient, session: Session): Promise<void> {
  const model = new TopModel();
  for await (const line of client.events({ backlog, follow: false })) model.take(line);
  const snapshot = model.snapshot();
  if (session.json) {
    session.value(snapshot);
    return;
  }
  const status = await client.status();
  const view = { columns: 160, rows: 60, color: session.color, trouble: "" };
  for (const line of renderTop(snapshot, status, view)) session.line(line);
}

async function live(client: ControlClient, session: Session, io: Io, interval: number): Promise<void> {
  // Fails here if there is no agent, while the screen is still the caller's.
  let status: StatusReport | undefined = await client.status();
  const model = new TopModel();
  let trouble = "";
  const stop = new AbortController();
  const listening = listen(client, model, (text) => (trouble = text), stop.signal);
  const end = (): void => stop.abort();
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  const keys = watchKeys(end);
  io.stdout.write(enterScreen);
  try {
    while (!stop.signal.aborted) {
      const { columns = 80, rows = 24 } = process.stdout;
      const lines = renderTop(model.snapshot(), status, { columns, rows: rows - 1, color: session.color, trouble });
      io.stdout.write(`${home}${lines.map((line) => `${line}${clearRight}\n`).join("")}${clearBelow}`);
      await sleep(interval, undefined, { signal: stop.signal }).catch(() => undefined);
      status = await client.status().catch(() => status);
    }
  } finally {
    io.stdout.write(leaveScreen);
    keys();
    process.removeListener("SIGINT", end);
    process.removeListener("SIGTERM", end);
    stop.abort();
    await listening;
  }
}

/** Comes back after every break; what goes wrong is told on the screen. */
async function listen(
  client: ControlClient,
  model: TopModel,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const wait = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal }).catch(() => undefined);
  try {
    for await (const line of follow(client, { backlog, signal }, tell, wait)) {
      tell("");
      model.take(line);
    }
  } catch (error) {
    if (!signal.aborted) tell(printable(reasonOf(error)));
  }
}

/** q and Ctrl-C end it. Returns what gives the terminal back. */
function watchKeys(end: () => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const onKey = (bytes: Buffer): void => {
    if (bytes.includes("q") || bytes.includes(3)) end();
  };
  stdin.setRawMode(true);
  stdin.on("data", onKey);
  return () => {
    stdin.removeListener("data", onKey);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
