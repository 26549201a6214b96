// SPDX-License-Identifier: Apache-2.0
// cloudtaser events: what the agent saw, a line each. With -f it goes on, also over restarts of the agent.

import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { ControlClient } from "../control/client.js";
import { maxBacklog } from "../control/protocol.js";
import { CloudtaserError, printable, reasonOf } from "../errors/index.js";
import { formatNames } from "../formats/format.js";
import type { FilterOptions } from "../formats/index.js";
import { type FilterFlags, filterOf, gather, parseOrNull } from "./events-options.js";
import { type Io, sessionOf } from "./io.js";

const defaultBacklog = 100;

/** After a break: as many as an agent keeps, so that none is left out that still can be had. */
const reconnectBacklog = 1000;

const firstDelayMs = 500;
const longestDelayMs = 10_000;

interface EventsFlags extends FilterFlags {
  follow?: boolean;
  backlog?: string;
  format?: string;
}

function parseBacklog(text: string | undefined, since: boolean): number {
  // Whoever says from when on wants all of it that still can be had.
  if (text === undefined) return since ? reconnectBacklog : defaultBacklog;
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
    .option("--backlog <n>", `how many of the last events, of 4 MiB at most (default ${defaultBacklog})`)
    .option("--type <type>", "only events of this type; may be repeated", gather)
    .option("--severity <lowest>", "only events of this severity or above")
    .option("--workload <name>", "of events against workloads only those against this one; may be repeated", gather)
    .option("--since <when>", "only events since then: 15m, 2h, or a time")
    .option("--format <format>", `human, ${formatNames.join(", ")} (default human; native with --json)`)
    .action(async (options: EventsFlags, command: Command) => {
      const session = sessionOf(io, command);
      const backlog = parseBacklog(options.backlog, options.since !== undefined);
      const filter = filterOf(options);
      const show = await shower(options.format ?? (session.json ? "native" : "human"), session.color);
      const client = await session.client();
      const asked = { backlog, ...(filter === undefined ? {} : { filter }) };
      const source = options.follow ? follow(client, asked, session.note) : client.events({ ...asked, follow: false });
      for await (const line of source) session.line(show(line));
    });
}

/** Throws USAGE for a format that there is not. */
async function shower(format: string, color: boolean): Promise<(line: string) => string> {
  if (format === "native") return (line) => line;
  const known = format === "human" ? format : formatNames.find((one) => one === format);
  if (known === undefined) {
    const reason = `--format must be one of human, ${formatNames.join(", ")}, not ${JSON.stringify(format)}`;
    throw new CloudtaserError("USAGE", { target: "events", fields: { reason } });
  }
  const { lineIn } = await import("./events-line.js");
  return lineIn(known, color);
}

function idOf(line: string): string {
  const event = parseOrNull(line);
  return typeof event === "object" && event !== null && "id" in event ? String(event.id) : line;
}

/** Fails if there is no agent at first; once connected, it comes back after every break. */
export async function* follow(
  client: Pick<ControlClient, "events" | "socket">,
  { backlog, filter, signal }: { backlog: number; filter?: FilterOptions; signal?: AbortSignal },
  note: (text: string) => void,
  wait: (ms: number) => Promise<unknown> = sleep,
): AsyncGenerator<string, void, void> {
  const seen = new Set<string>();
  let delay = 0;
  for (let first = true; ; first = false) {
    try {
      const asked = {
        backlog: first ? backlog : reconnectBacklog,
        follow: true,
        ...(filter ? { filter } : {}),
        ...(signal ? { signal } : {}),
      };
      for await (const line of client.events(asked)) {
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
      if (signal?.aborted) return;
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
