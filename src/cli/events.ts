// SPDX-License-Identifier: Apache-2.0
// cloudtaser events: what the agent saw, a line each. With -f it goes on, also over restarts of the agent.

import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { ControlClient } from "../control/client.js";
import { maxBacklog } from "../control/protocol.js";
import { CloudtaserError, printable, reasonOf } from "../errors/index.js";
import { type Io, sessionOf } from "./io.js";

const defaultBacklog = 100;

/** After a break: as many as an agent keeps, so that none is left out that still can be had. */
const reconnectBacklog = 1000;

const firstDelayMs = 500;
const longestDelayMs = 10_000;

interface EventsFlags {
  follow?: boolean;
  backlog?: string;
}

function parseBacklog(text: string | undefined): number {
  if (text === undefined) return defaultBacklog;
  const number = /^\d{1,6}$/.test(text) ? Number(text) : -1;
  if (number >= 0 && number <= maxBacklog) return number;
  const reason = `--backlog must be a whole number from 0 to ${maxBacklog}, not ${JSON.stringify(text)}`;
  throw new CloudtaserError("USAGE", { target: "events", fields: { reason } });
}

export function addEvents(program: Command, io: Io): void {
  program
    .command("events")
    .description("show the last events, and with -f those to come")
    .option("-f, --follow", "go on with new events until interrupted")
    .option("--backlog <n>", `how many of the last events (default ${defaultBacklog})`)
    .action(async (options: EventsFlags, command: Command) => {
      const session = sessionOf(io, command);
      const backlog = parseBacklog(options.backlog);
      const client = await session.client();
      const show = session.json ? (line: string) => line : await humanLine(session.color);
      const source = options.follow ? follow(client, backlog, session.note) : client.events({ backlog, follow: false });
      for await (const line of source) session.line(show(line));
    });
}

/** The model is checked with zod, which takes a while to load: only here. */
async function humanLine(color: boolean): Promise<(line: string) => string> {
  const { eventSchema, formatHuman, formatNotice, noticeSchema } = await import("../formats/index.js");
  return (line) => {
    const parsed = parseOrNull(line);
    const event = eventSchema.safeParse(parsed);
    if (event.success) return formatHuman(event.data, { color });
    const notice = noticeSchema.safeParse(parsed);
    return notice.success ? formatNotice(notice.data, { color }) : `unknown event: ${printable(line, 2000)}`;
  };
}

function parseOrNull(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function idOf(line: string): string {
  const event = parseOrNull(line);
  return typeof event === "object" && event !== null && "id" in event ? String(event.id) : line;
}

/** Fails if there is no agent at first; once connected, it comes back after every break. */
export async function* follow(
  client: Pick<ControlClient, "events" | "socket">,
  backlog: number,
  note: (text: string) => void,
  wait: (ms: number) => Promise<unknown> = sleep,
): AsyncGenerator<string, void, void> {
  const seen = new Set<string>();
  let delay = 0;
  for (let first = true; ; first = false) {
    try {
      for await (const line of client.events({ backlog: first ? backlog : reconnectBacklog, follow: true })) {
        delay = 0;
        const id = idOf(line);
        if (seen.has(id)) continue;
        seen.add(id);
        for (const oldest of seen) {
          if (seen.size <= reconnectBacklog) break;
          seen.delete(oldest);
        }
        yield line;
      }
    } catch (error) {
      if (!mayComeBack(error, first)) throw error;
      delay = Math.min(longestDelayMs, Math.max(firstDelayMs, delay * 2));
      note(`note: ${printable(reasonOf(error))}; trying again in ${delay / 1000} s`);
      await wait(delay);
    }
  }
}

function mayComeBack(error: unknown, first: boolean): boolean {
  if (!(error instanceof CloudtaserError)) return false;
  return error.code === "AGENT_UNREACHABLE" || (error.code === "AGENT_NOT_RUNNING" && !first);
}
