// SPDX-License-Identifier: Apache-2.0
// The API server double as a program, for guests: prints where it listens, then does what each line of JSON says.
// Usage: api-server DIRECTORY, with the files that ApiServer.start() has made in it

import { createInterface } from "node:readline";
import type { PodObject } from "../unit/kubernetes-objects.js";
import { ApiServer } from "../unit/kubernetes-server.js";

export type Order = { put: PodObject } | { putAll: PodObject[] } | { remove: string };

const directory = process.argv[2] ?? ".";
const server = new ApiServer(
  { tokenFile: `${directory}/token`, caFile: `${directory}/ca.crt` },
  `${directory}/api.key`,
);
await server.up();
process.stdout.write(`${server.url}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order;
  if ("put" in order) server.put(order.put);
  else if ("putAll" in order) for (const pod of order.putAll) server.put(pod);
  else server.remove(order.remove);
  process.stdout.write("done\n");
}
