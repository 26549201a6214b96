// SPDX-License-Identifier: Apache-2.0
// The control room: what other rooms may import. The client is imported from client.js by itself, to keep commands quick.

export { ControlClient, type EventsOptions } from "./client.js";
export type * from "./protocol.js";
export { type ControlServer, type ControlServerOptions, startControlServer } from "./server.js";
export type { Replaced } from "./socket.js";
