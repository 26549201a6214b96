// SPDX-License-Identifier: Apache-2.0
// Events to one reader, line by line. A reader that does not keep up is cut off: memory of the agent is not its spool.

import type { ServerResponse } from "node:http";
import { CloudtaserError, errorToJson } from "../errors/index.js";
import type { ErrorAnswer } from "./protocol.js";

/** Bytes that may wait for one reader, beyond the backlog that it asked for. */
export const maxWaiting = 1024 * 1024;

/** How long a reader that was cut off has to take the last lines. */
const farewellMs = 5_000;

export interface StreamOptions {
  backlog: number;
  follow: boolean;
  heartbeatMs: number;
  subscribe: (backlog: number, onLine: (line: string) => void) => () => void;
  /** The reader was cut off with this many bytes waiting. */
  onSlow: (waiting: number) => void;
}

export function streamEvents(response: ServerResponse, options: StreamOptions): void {
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  response.flushHeaders();
  let stopped = false;
  let unsubscribe = (): void => {};
  const heartbeat = setInterval(() => send(""), options.heartbeatMs);
  const stop = (): void => {
    stopped = true;
    clearInterval(heartbeat);
    unsubscribe();
  };
  let allowed = Number.POSITIVE_INFINITY;

  function send(line: string): void {
    if (stopped) return;
    if (response.writableLength > allowed) {
      stop();
      options.onSlow(response.writableLength);
      sayFarewell(response);
      return;
    }
    response.write(`${line}\n`);
  }

  response.once("close", stop);
  unsubscribe = options.subscribe(options.backlog, send);
  allowed = response.writableLength + maxWaiting;
  if (stopped) unsubscribe();
  else if (!options.follow) {
    stop();
    response.end();
  }
}

function sayFarewell(response: ServerResponse): void {
  const reason = "the reader is too slow, and events were left out from here on";
  const error = new CloudtaserError("AGENT_UNREACHABLE", { target: "the event stream", fields: { reason } });
  response.end(`${JSON.stringify({ error: errorToJson(error) } satisfies ErrorAnswer)}\n`);
  const timer = setTimeout(() => response.destroy(), farewellMs);
  response.once("close", () => clearTimeout(timer));
}
