// SPDX-License-Identifier: Apache-2.0
// How the control server answers: in pieces, so that the event loop turns in between, and not for ever.

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { CloudtaserError, errorToJson, exitCodes } from "../errors/index.js";
import { jsonPieces } from "./pieces.js";
import type { ErrorAnswer } from "./protocol.js";

/** Of silence. */
export const timeoutMs = 30_000;
/** For the whole of a long answer: who takes a byte now and then is not silent. */
const readWithinMs = 60_000;

/** HTTP status for an error; the body says the rest. */
function statusOf(error: unknown): number {
  if (!(error instanceof CloudtaserError)) return 500;
  switch (error.exitCode) {
    case exitCodes.usage:
      return 400;
    case exitCodes.forbidden:
      return 403;
    case exitCodes.busy:
      return 409;
    case exitCodes.unsupported:
      return 501;
    default:
      return 500;
  }
}

/** Whoever has asked in full waits in silence for as long as the work takes, and is not cut off for that. */
export function beginWork(request: IncomingMessage): void {
  request.socket.setTimeout(0);
}

/** A long one is made and sent piece by piece, and the event loop turns in between. */
export async function answer(response: ServerResponse, status: number, body: unknown): Promise<void> {
  const pieces: Buffer[] = [];
  for (const piece of jsonPieces(body)) {
    if (pieces.length > 0) await setImmediate();
    if (response.destroyed) return;
    pieces.push(Buffer.from(piece));
  }
  pieces.push(Buffer.from("\n"));
  // Who does not read what he asked for is.
  response.socket?.setTimeout(timeoutMs);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": pieces.reduce((sum, { length }) => sum + length, 0),
    connection: "close",
    "cache-control": "no-store",
  });
  if (pieces.length === 2) return void response.end(Buffer.concat(pieces));
  const late = setTimeout(() => response.destroy(), readWithinMs);
  try {
    await pipeline(Readable.from(pieces), response);
  } finally {
    clearTimeout(late);
  }
}

export function refuse(response: ServerResponse, error: unknown, status = statusOf(error)): void {
  if (response.headersSent) response.destroy();
  else void answer(response, status, { error: errorToJson(error) } satisfies ErrorAnswer);
}
