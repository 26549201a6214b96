// SPDX-License-Identifier: Apache-2.0
// What sinks speak to, in a guest: a webhook that answers 503 at first, and a syslog receiver that counts octets (RFC 6587). What
// they took lies as lines in the directory that is given.
import { appendFileSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createServer as createTcp } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const [directory, refusals] = process.argv.slice(2);
const put = (name, text) => appendFileSync(join(directory, name), text);
for (const name of ["http", "refused", "syslog"]) writeFileSync(join(directory, name), "");

let left = Number(refusals);
const webhook = createHttp(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = gunzipSync(Buffer.concat(chunks)).toString();
  put(left > 0 ? "refused" : "http", body);
  response.writeHead(left-- > 0 ? 503 : 204).end();
});

const syslog = createTcp((socket) => {
  let rest = Buffer.alloc(0);
  socket
    .on("error", () => undefined)
    .on("data", (data) => {
      rest = Buffer.concat([rest, data]);
      for (;;) {
        const [count] = /^\d+(?= )/.exec(rest.toString("latin1", 0, 12)) ?? [""];
        const end = count.length + 1 + Number(count);
        if (count === "" || rest.length < end) break;
        put("syslog", `${rest.toString("utf8", count.length + 1, end)}\n`);
        rest = rest.subarray(end);
      }
    });
});

webhook.listen(8181, "127.0.0.1", () => syslog.listen(8514, "127.0.0.1", () => console.log("ready")));
