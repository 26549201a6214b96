// SPDX-License-Identifier: Apache-2.0
// Act three: the service itself lets its key out, by a bug and by code that was put into it (service/leak.py).

import type { Guest } from "../lab/guest.js";
import { type Attempt, firstLine, type Trick } from "./attacks.js";
import { fetchInGuest, type Payments, serviceFolder, serviceUrl } from "./payments.js";

export interface Leak extends Trick {
  /** A road of leak.py. */
  road: string;
  form: "plain" | "base64";
}

const inBase64 = (title: string): string => `${title}, in base64`;

function bothForms(road: string, title: string, vector: string): Leak[] {
  return [
    { title, road, form: "plain", vector },
    { title: inBase64(title), road, form: "base64", vector },
  ];
}

export const leaks: readonly Leak[] = [
  ...bothForms("log", "key in an error log", "leak_write"),
  ...bothForms("post", "key posted", "leak_send"),
  ...bothForms("pipe", "key through a pipe", "leak_write"),
  ...bothForms("exec", "key as an argument", "leak_exec"),
  { title: "key spliced to a socket", road: "splice", form: "plain", vector: "chan_splice" },
  { title: "key sent by io_uring", road: "io_uring", form: "plain", vector: "chan_io_uring" },
];

const log = "/var/log/payments.log";
const inbox = "/tmp/attacker/inbox";

/** Somebody to whom the key is sent: everything that comes is kept. */
export async function startThief(guest: Guest): Promise<void> {
  const thief = guest.spawn(["python3", `${serviceFolder}/thief.py`]);
  if (!(await thief.waitForOutput(/listening/))) throw new Error(`the thief did not start: ${thief.stderr}`);
}

/** Where the key may go: to the bank. And the password: to the database. */
export async function registerSecrets(guest: Guest, payments: Payments, print: (text: string) => void): Promise<void> {
  const secrets = [
    { name: "API_KEY", value: payments.apiKey, place: "127.0.0.1/32:8081" },
    { name: "DB_PASSWORD", value: payments.dbPassword, place: "127.0.0.1/32:5432" },
  ];
  for (const { name, value, place } of secrets) {
    const add = ["cloudtaser", "secrets", "add", "--workload", payments.workload, "--name", name];
    const { status, stdout, stderr } = await guest.run([...add, "--from-env", name, "--allow", place], {
      env: { [name]: value },
      timeoutSeconds: 120,
    });
    if (status !== 0) throw new Error(`${name} was not registered: ${stdout}${stderr}`);
    print(firstLine(stdout));
  }
}

/** Lets the service leak, and looks whether what was to be had is there: in the log, in the inbox, among the arguments of everybody. */
export async function leak(guest: Guest, { road, form }: Leak, { apiKey }: Payments): Promise<Attempt> {
  await guest.run(`rm -f ${log} ${inbox}`);
  const { stdout, stderr } = await fetchInGuest(guest, `${serviceUrl}/leak/${road}/${form}`, 30);
  const answer = firstLine(stdout) || firstLine(stderr) || "no answer";
  const wanted = form === "base64" ? Buffer.from(apiKey).toString("base64") : apiKey;
  const loot = await lootOf(guest, wanted, answer === "done");
  if (loot !== undefined) return { verdict: "stolen", words: loot };
  return { verdict: answer.startsWith("refused:") ? "refused" : "unclear", words: answer.replace(/^refused: /, "") };
}

/** The line that has the key in it. What was sent may take a moment to arrive. */
async function lootOf(guest: Guest, wanted: string, expected: boolean): Promise<string | undefined> {
  const deadline = performance.now() + (expected ? 10_000 : 0);
  for (;;) {
    const { stdout } = await guest.run(`cat ${log} ${inbox} /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '`);
    const found = stdout.split("\n").find((line) => line.includes(wanted));
    if (found !== undefined) return firstLine(found);
    if (performance.now() >= deadline) return undefined;
  }
}
