// SPDX-License-Identifier: Apache-2.0
// One HTTP exchange over the control socket, with every failure turned into an error that says what to do.

import { type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { type PeerCredentials, peerOf } from "./peer.js";
import { errorFrom } from "./remote-error.js";

/** Bytes of an answer: the status of a node with very many protected processes is some megabytes. */
const maxAnswer = 64 * 1024 * 1024;

export interface Exchange {
  socket: string;
  method: string;
  path: string;
  /** Bytes go as they are, anything else as JSON. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** Of silence, after which the agent counts as dead. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** By which the other end is known; left out: whoever answers is believed. */
  native?: PeerCredentials | undefined;
}

/** For people: what is left of a longer time has many digits. */
const secondsOf = (ms: number): number => Math.max(0.1, Math.round(ms / 100) / 10);

export function unreachable(socket: string, reason: string, cause?: unknown): CloudtaserError {
  return new CloudtaserError("AGENT_UNREACHABLE", { target: socket, fields: { reason }, cause });
}

/** Nothing is sent to, nor believed of, anybody but root and the user who asks. That of root it is the agent nobody can say. */
function connectToAgent(path: string, native: PeerCredentials): Socket {
  const socket = connect(path);
  // The first to hear of it: what is to be sent waits for the same word, and is not sent through a socket that was destroyed.
  socket.once("connect", () => {
    const peer = peerOf(socket, native);
    if (peer?.uid === 0 || (peer !== undefined && peer.uid === process.geteuid?.())) return;
    const fields = { uid: peer?.uid ?? "unknown", pid: peer?.pid ?? "unknown" };
    socket.destroy(new CloudtaserError("AGENT_STRANGER", { target: path, fields }));
  });
  return socket;
}

function connectError(socket: string, error: NodeJS.ErrnoException): CloudtaserError {
  if (error instanceof CloudtaserError) return error;
  switch (error.code) {
    case "ENOENT":
    case "ECONNREFUSED":
    case "ENOTDIR":
      return new CloudtaserError("AGENT_NOT_RUNNING", { target: socket, cause: error });
    case "EACCES":
    case "EPERM":
      return new CloudtaserError("CONTROL_FORBIDDEN", {
        target: socket,
        fields: { uid: process.geteuid?.() ?? "unknown" },
        cause: error,
      });
    default:
      return unreachable(socket, reasonOf(error), error);
  }
}

/** Sends the request and returns the answer once its head is there; an answer that is no 2xx is thrown as its error. */
export async function exchange(options: Exchange): Promise<IncomingMessage> {
  const { socket, method, path, body, timeoutMs, signal, native, headers: more } = options;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const bytes = Buffer.isBuffer(body);
    const text = body === undefined || bytes ? body : JSON.stringify(body);
    const type = bytes ? "application/octet-stream" : "application/json";
    const content = text === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(text) };
    const headers = { ...content, ...more };
    const way = native ? { createConnection: () => connectToAgent(socket, native) } : { socketPath: socket };
    const sent = request({ ...way, method, path, headers, ...(signal ? { signal } : {}) }, resolve);
    sent.setTimeout(timeoutMs, () => sent.destroy(new Error(`no answer within ${secondsOf(timeoutMs)} s`)));
    sent.once("error", (error) => reject(connectError(socket, error)));
    sent.end(text);
  });
  if (response.statusCode === 200) return response;
  const answer = await readAnswer(response, socket).catch(() => undefined);
  throw errorFrom(answer, socket) ?? unreachable(socket, `HTTP status ${response.statusCode ?? "missing"}`);
}

/** The JSON of an answer. */
export async function readAnswer(response: IncomingMessage, socket: string): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxAnswer) throw new Error(`an answer of more than ${maxAnswer} bytes`);
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw unreachable(socket, reasonOf(error), error);
  }
}
