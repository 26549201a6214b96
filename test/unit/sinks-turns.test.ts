// SPDX-License-Identifier: Apache-2.0
// A long batch from a spool leaves the event loop to others while it is formatted.

import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Format } from "../../src/formats/index.js";
import { Source } from "./sinks-support.js";
import { http, httpReceiver, syslog, syslogReceiver } from "./sinks-transports.js";

const many = 1000;
/** Counts what it formats, and how much of that in one turn of the event loop at most. */
function counting() {
  const seen = { all: 0, most: 0, now: 0 };
  const format = {
    name: "cef",
    contentType: "text/plain",
    line: () => {
      seen.all++;
      seen.most = Math.max(seen.most, ++seen.now);
      return "line\n";
    },
  } as unknown as Format;
  let done = false;
  void (async () => {
    for (; !done; seen.now = 0) await turn();
  })();
  return { seen, format, end: () => (done = true) };
}

it.each(["webhook", "splunk", "elasticsearch", "otlp", "syslog"] as const)("%s", async (protocol) => {
  const { seen, format, end } = counting();
  const web = await httpReceiver();
  const log = await syslogReceiver();
  web.answer = (_, response) => void response.end('{"errors":false}');
  const transport =
    protocol === "syslog"
      ? syslog(log.port, { format })
      : http(`http://127.0.0.1:${web.port}/`, { protocol, format, maxEvents: many });
  await transport.send(new Source().many(many), new AbortController().signal);
  end();
  await transport.close(100);
  expect(seen.all).toBe(many);
  expect(seen.most).toBeLessThanOrEqual(100);
});
