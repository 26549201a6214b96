// SPDX-License-Identifier: Apache-2.0
// What looking for secrets costs: what is written by a protected process of whose workload secrets are registered, and
// what registering them takes.
import type { Guest } from "../lab/guest.js";
import type { Field } from "../matrix/field.js";
import type { Counts } from "./figures.js";
import { footprintOf, kernelBytes } from "./footprint.js";

const few = 20;
const many = 1_000;
const workload = "caller";

export interface LeakFigures {
  /** Instructions of a protected caller. */
  without: Counts;
  /** The same with 20 secrets of 32 bytes registered for its workload. */
  watched: Counts;
  /** Guest milliseconds in which 980 more were registered, one request each; without the pauses that their rate asks for. */
  registerMs: number;
  /** Bytes of kernel memory that all of it takes with 1,000. */
  kernel: number;
}

/** One after the other; each value is a digest's hexadecimal half, 32 bytes of 16 characters. */
const register = `
import hashlib, http.client, socket, sys, time
class C(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX); self.sock.connect("/run/cloudtaser/control.sock")
first, last = int(sys.argv[1]), int(sys.argv[2])
def ask(i):
    c.request("POST", "/v1/secrets?workload=${workload}&name=n%d" % i, hashlib.sha256(b"%d" % i).hexdigest()[:32].encode())
    r = c.getresponse()
    return r.status, r.read()
c = C("localhost"); taken = 0
for i in range(first, last):
    begin = time.monotonic(); status, body = ask(i)
    while status == 429: # More a second than the agent answers: what is waited for that is not its work.
        time.sleep(1); begin = time.monotonic(); status, body = ask(i)
    if status != 200: sys.exit(body.decode())
    taken += time.monotonic() - begin
print(int(taken * 1000))
`;

async function registerSecrets(guest: Guest, first: number, last: number): Promise<number> {
  const argv = ["python3", "-c", register, `${first}`, `${last}`];
  const { status, stdout, stderr } = await guest.run(argv, { timeoutSeconds: 1_800 });
  if (status !== 0) throw new Error(`a secret was not registered: ${stderr}`);
  return Number(stdout);
}

/**
 * @param content runs what is written in bulk, as a protected process of the workload "caller"
 * @param plain runs what everybody does, as a process that is not protected
 */
export async function measureLeaks(
  field: Field,
  agentPid: number,
  content: () => Promise<Counts>,
  plain: () => Promise<Counts>,
): Promise<{ leaks: LeakFigures; unprotected: Counts }> {
  const { guest } = field;
  const kernelNow = async (): Promise<number> => kernelBytes(await footprintOf(guest, agentPid, 0));
  const before = await kernelNow();
  const without = await content();
  await registerSecrets(guest, 0, few);
  const watched = await content();
  const unprotected = await plain();
  const registerMs = await registerSecrets(guest, few, many);
  const leaks = { without, watched, registerMs, kernel: (await kernelNow()) - before };
  return { leaks, unprotected };
}

const megabyte = 1024 * 1024;
const bulk = 65_536;

/** [operation, bytes, most that may be added for all of them on that kernel] */
function limits(kernel: string): [string, number, number][] {
  const old = kernel === "5.10";
  return [
    ["write 100 B", 100, old ? 800 : 450],
    ["write 64 KiB", bulk, (old ? 3 : 2.5) * bulk],
    ["writev 16 x 4 KiB", bulk, 4.5 * bulk],
  ];
}

/** [text, figures over their limit] */
export function leaksText(
  kernel: string,
  { without, watched, registerMs, kernel: memory }: LeakFigures,
): [string, number] {
  const rows = limits(kernel).map(([name, size, most]): [string, number, number, string] => {
    const added = (watched[name] ?? Number.NaN) - (without[name] ?? Number.NaN);
    const each = size === bulk ? `, ${(added / size).toFixed(2)} a byte of at most ${most / size}` : "";
    return [name, added, most, `+${added} of at most ${most}${each}`];
  });
  rows.push(["980 secrets registered, guest time", registerMs, 2_000, `${registerMs} ms of at most 2000 ms`]);
  const size = `${(memory / megabyte).toFixed(2)} MB`;
  rows.push(["kernel memory of 1,000 secrets", memory, 8 * megabyte, `${size} of at most 8.00 MB`]);
  const isOver = ([, value, most]: (typeof rows)[number]): boolean => !(value <= most);
  const lines = rows.map((row) => `${row[0].padEnd(36)}${row[3]}${isOver(row) ? "  OVER" : ""}`);
  const title = `Looking for ${few} secrets of 32 bytes, over a protected caller without any:`;
  return [`\n${title}\n${lines.join("\n")}\n`, rows.filter(isOver).length];
}
