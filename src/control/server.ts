// SPDX-License-Identifier: Apache-2.0
// The control server: who asks is checked on every connection, which carries one request; what is asked is validated, and only
// then a handler is called.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { CloudtaserError } from "../errors/index.js";
import { eventFilter } from "../formats/index.js";
import { requestText } from "../keys/index.js";
import type { Log } from "../log/index.js";
import { answer, beginWork, refuse, timeoutMs } from "./answer.js";
import { Gate } from "./gate.js";
import type { PeerCredentials } from "./peer.js";
import { type ControlHandlers, heartbeatSeconds, type Peer, routes, type Signatures } from "./protocol.js";
import {
  addSecretSchema,
  badRequest,
  checked,
  containerSchema,
  eventsSchema,
  noBodySchema,
  noQuerySchema,
  protectSchema,
  queryOf,
  readJson,
  readSecret,
  removeSecretSchema,
  selftestSchema,
  unprotectSchema,
} from "./request.js";
import { authorityHeader, Challenges, digestOfBody } from "./signed.js";
import { groupId, Place, type Replaced } from "./socket.js";
import { streamEvents } from "./stream.js";

/** For the head of a request. Not shorter: while doors are attached the loop stands still, for seconds on a slow machine, and then
 *  the clock is looked at before what has come meanwhile. Who may not ask at all is not waited for. */
const headTimeoutMs = timeoutMs;
/** Of silence about refusals: strangers must not fill the log. */
const quietMs = 1_000;
const maxHeader = 8 * 1024;

export interface ControlServerOptions {
  socket: string;
  /** Name of a group whose members may control the agent too. */
  group?: string | undefined;
  native: PeerCredentials;
  handlers: ControlHandlers;
  /** Left out: nobody signs. */
  signatures?: Signatures;
  log: Pick<Log, "info" | "warn">;
  /** For tests. */
  heartbeatMs?: number;
  /** For tests: of silence before a connection is cut off. */
  silenceMs?: number;
}

export interface ControlServer {
  /** Whether the socket's path still leads here; what was there instead, if it did not. Takes the path back. */
  look(): Promise<Replaced | undefined>;
  /** Ends all connections and removes the socket. May be called twice. */
  close(): Promise<void>;
}

type RouteName = keyof typeof routes;

/** They may name everybody who is protected. */
const longAnswers: ReadonlySet<RouteName> = new Set(["status", "protect", "unprotect", "secrets"]);

/** What may stand more than once in a query. */
const listsOf: Partial<Record<RouteName, readonly string[]>> = { events: ["type", "workload"], addSecret: ["allow"] };

export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { socket: path, native, handlers, log } = options;
  const gid = options.group === undefined ? undefined : groupId(options.group);
  const server = createServer({
    maxHeaderSize: maxHeader,
    headersTimeout: headTimeoutMs,
    requestTimeout: timeoutMs,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: 1_000,
  });
  // Else thousands that come in one piece would be answered in one turn of the loop.
  server.maxRequestsPerSocket = 1;
  server.on("dropRequest", (_request, socket) => socket.destroy());
  const gate = new Gate({ path, gid, native });
  const challenges = new Challenges();
  // Of silence: a stream of events is kept alive by its heartbeat.
  server.timeout = options.silenceMs ?? timeoutMs;

  async function serve(name: RouteName, url: URL, request: IncomingMessage, response: ServerResponse, peer: Peer) {
    const what = `${request.method} ${url.pathname}`;
    const query = queryOf(url.searchParams, listsOf[name] ?? []);
    if (name === "events") {
      const { backlog, follow, ...wanted } = checked(eventsSchema, query, what);
      const { type, severity, workload, since } = wanted;
      const filter = eventFilter({ types: type, minSeverity: severity, workloads: workload, since });
      const isFiltered = Object.values(wanted).some((value) => value !== undefined);
      streamEvents(response, {
        backlog,
        follow: follow === "true",
        heartbeatMs: options.heartbeatMs ?? heartbeatSeconds * 1000,
        subscribe: (count, onLine) => handlers.subscribe(count, onLine, isFiltered ? filter : undefined),
        onSlow: (waiting) => log.warn("a reader of events was too slow and was cut off", { peer, waiting }),
      });
      return;
    }
    if (name === "challenge") {
      checked(noQuerySchema, query, what);
      return answer(response, 200, { challenge: challenges.issue() });
    }
    if (name === "addSecret") {
      const asked = checked(addSecretSchema, query, what);
      const value = await readSecret(request, `${asked.name} of ${asked.workload}`);
      beginWork(request);
      try {
        await answer(response, 200, await handlers.addSecret(asked, value, signer(request, value, peer)));
      } finally {
        value.fill(0);
      }
      return;
    }
    if (name === "removeSecret") {
      const asked = checked(removeSecretSchema, query, what);
      return answer(response, 200, handlers.removeSecret(asked, signer(request, undefined, peer)));
    }
    checked(noQuerySchema, query, what);
    const body = await readJson(request, what);
    beginWork(request);
    const done = longAnswers.has(name) ? await gate.longTurn(peer) : () => {};
    try {
      // Whoever has gone while he waited asks for nothing any more.
      if (response.destroyed) return;
      await answer(response, 200, await act(name, body, what, signer(request, body, peer)));
    } finally {
      done();
    }
  }

  /** The peer, and whether the authority signed what it asks for. Throws AUTHORITY_DENIED for a signature that is none. */
  function signer(request: IncomingMessage, body: unknown, peer: Peer): Peer {
    const given = request.headers[authorityHeader];
    if (given === undefined) return peer;
    const { method = "", url: path = "" } = request;
    const [challenge = "", signature = ""] = String(given).split(".");
    const text = requestText({ challenge, method, path, digest: digestOfBody(body) });
    const reason = !challenges.use(challenge)
      ? "its challenge is not one of this agent's, was used, or is more than a minute old"
      : options.signatures?.isSigned(text, signature)
        ? undefined
        : "it is not signed by the authority";
    if (reason === undefined) return { ...peer, signed: true };
    const target = `${method} ${path.split("?")[0]}`;
    options.signatures?.denied(peer, target, reason);
    throw new CloudtaserError("AUTHORITY_DENIED", { target, fields: { reason } });
  }

  async function act(
    name: Exclude<RouteName, "events" | "addSecret" | "removeSecret" | "challenge">,
    body: unknown,
    what: string,
    peer: Peer,
  ): Promise<unknown> {
    switch (name) {
      case "protect":
        return handlers.protect(checked(protectSchema, body, what), peer);
      case "unprotect":
        return handlers.unprotect(checked(unprotectSchema, body, what), peer);
      case "container":
        return handlers.container(checked(containerSchema, body, what), peer);
      case "selftest":
        return handlers.selftest(checked(selftestSchema, body, what));
      case "status":
      case "vectors":
      case "secrets":
      case "reload":
        checked(noBodySchema, body, what);
        return handlers[name]();
    }
  }

  let told = Number.NEGATIVE_INFINITY;
  let untold = 0;
  function tellRefusal(message: string, peer: Peer | undefined): void {
    untold++;
    if (performance.now() - told < quietMs) return;
    log.warn(message, { peer, connections: untold });
    told = performance.now();
    untold = 0;
  }

  // The server's own listener, which attaches a parser, hears only of those who may.
  const listeners = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket) => {
    const { admission, peer } = gate.admit(socket);
    if (admission === "stranger") return tellRefusal("control refused to a user who may not", peer);
    if (admission === "full") return tellRefusal("control refused: too many connections", peer);
    for (const listener of listeners) listener.call(server, socket);
    // What a request was parsed from may be a secret. The parser, which listens first, has copied what it hands on.
    socket.on("data", (bytes: Buffer) => bytes.fill(0));
  });

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    response.on("error", () => {}); // the reader is gone; nobody is left to tell
    // A second request of a connection: Node's own limit holds for HTTP/1.1 alone.
    const peer = gate.takePeer(request.socket);
    if (peer === undefined) return void request.socket.destroy();
    if (!gate.take(peer.uid)) {
      return refuse(response, new CloudtaserError("CONTROL_BUSY", { target: path, fields: { uid: peer.uid } }), 429);
    }
    const url = new URL(`http://agent${request.url?.startsWith("/") ? request.url : "/"}`);
    const there = Object.entries(routes).filter(([, route]) => route.path === url.pathname);
    const found = there.find(([, route]) => route.method === request.method);
    const what = `${request.method} ${url.pathname}`;
    if (there.length === 0) return refuse(response, badRequest(what, "there is no such path"), 404);
    if (found === undefined) {
      const methods = there.map(([, route]) => route.method).join(", ");
      return refuse(response, badRequest(what, `it takes ${methods}`), 405);
    }
    serve(found[0] as RouteName, url, request, response, peer).catch((error: unknown) => refuse(response, error));
  });

  const place = new Place(server, { path, gid, native });
  await place.take();
  // Such as no descriptor left for a connection that comes: that must not end the agent.
  server.on("error", (error) => log.warn("a connection to the control socket could not be taken", { error }));
  log.info("control socket is open", { socket: path, group: options.group ?? null });
  let closing: Promise<void> | undefined;
  return {
    look: () => place.look(),
    close() {
      closing ??= new Promise((resolve) => {
        place.leave();
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}
