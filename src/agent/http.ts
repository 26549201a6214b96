// SPDX-License-Identifier: Apache-2.0
// /metrics, /healthz, /readyz and /status over HTTP. Health says only that the loop turns; readiness that every door is
// proved: a dead SIEM must not restart the guard.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { parseListenAddress } from "../config/index.js";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { Metrics } from "../metrics/index.js";
import { limitConnections } from "./connections.js";

export interface HealthSources {
  metrics: Pick<Metrics, "render">;
  /** Why the agent is not ready; [] if it is. */
  notReady(): string[];
  /** What anybody who reaches the listener may know. */
  status(): unknown;
}

/** Media type of the exposition that has exemplars. */
const openMetrics = "application/openmetrics-text";

/** An answer serves all who ask within this time: to look at every door costs more than a request. */
const keptMs = 1000;

function keeping<Value>(make: () => Value): () => Value {
  let kept: { value: Value; at: number } | undefined;
  return () => {
    const now = performance.now();
    if (kept === undefined || now - kept.at >= keptMs) kept = { value: make(), at: now };
    return kept.value;
  };
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(body);
}

async function route(
  path: string,
  accept: string | undefined,
  sources: HealthSources,
  response: ServerResponse,
): Promise<void> {
  const json = "application/json; charset=utf-8";
  switch (path) {
    case "/healthz":
      return answer(response, 200, json, '{"alive":true}\n');
    case "/readyz": {
      const reasons = sources.notReady();
      return answer(
        response,
        reasons.length === 0 ? 200 : 503,
        json,
        `${JSON.stringify({ ready: reasons.length === 0, reasons })}\n`,
      );
    }
    case "/status":
      return answer(response, 200, json, `${JSON.stringify(sources.status(), null, 2)}\n`);
    case "/metrics": {
      const { contentType, text } = await sources.metrics.render(accept);
      return answer(response, 200, contentType, text);
    }
    default:
      return answer(response, 404, json, '{"error":"not found"}\n');
  }
}

/** Resolves when it listens; undefined if health.listen is off. Throws HTTP_ADDRESS_TAKEN. */
export async function startHealthServer(listen: string, sources: HealthSources): Promise<Server | undefined> {
  const address = parseListenAddress(listen);
  if (address === undefined || address === "off") return undefined;
  const { metrics } = sources;
  const [plain, open] = [keeping(() => metrics.render()), keeping(() => metrics.render(openMetrics))];
  const kept: HealthSources = {
    notReady: keeping(() => sources.notReady()),
    status: keeping(() => sources.status()),
    metrics: { render: (accept) => (accept?.includes(openMetrics) ? open() : plain()) },
  };
  const limits = {
    maxHeaderSize: 8192,
    requestTimeout: 10_000,
    headersTimeout: 5_000,
    connectionsCheckingInterval: 2_000,
  };
  const served = new WeakSet<Socket>();
  const server = createServer(limits, (request, response) => {
    // Thousands that come in one piece would be answered in one turn of the loop: a connection carries one. Node's own
    // limit holds for HTTP/1.1 alone.
    if (served.has(request.socket)) return void request.socket.destroy();
    served.add(request.socket);
    response.shouldKeepAlive = false;
    if (request.method !== "GET" && request.method !== "HEAD") return answer(response, 405, "text/plain", "only GET\n");
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    route(path, request.headers.accept, kept, response).catch((error: unknown) =>
      answer(response, 500, "text/plain", `${reasonOf(error)}\n`),
    );
  });
  limitConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new CloudtaserError("HTTP_ADDRESS_TAKEN", { target: listen, fields: { reason: reasonOf(cause) }, cause })),
    );
    server.listen(address.port, address.host, resolve);
  });
  // Such as no descriptor left for a connection that comes: the next one may have one.
  server.on("error", () => {});
  return server;
}

export async function closeHealthServer(server: Server | undefined): Promise<void> {
  if (server === undefined) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
