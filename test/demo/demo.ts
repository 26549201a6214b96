// SPDX-License-Identifier: Apache-2.0
// make demo: one guest, one service, the same attacks twice. Status 0 only if every attack succeeded before, was refused
// after, left an event, and the service kept serving. KERNEL chooses the kernel; "--act one" stops before the agent.

import { fileURLToPath } from "node:url";
import { Guest } from "../lab/guest.js";
import { type Agent, startAgent, type Verified, verifyLog } from "./agent.js";
import { attackFolder, attacks, attempt } from "./attacks.js";
import { attacksByVector, type Monitored, monitored } from "./monitored.js";
import { type Payments, startPayments } from "./payments.js";
import { bold, green, print, printAttempt, printEvent, printTable, printTitle, type Row, red } from "./report.js";

// This file runs as dist/test/demo/demo.js; what goes into the guest lies in the sources.
const tree = fileURLToPath(new URL("../../../", import.meta.url));

async function actOne(guest: Guest, payments: Payments, rows: readonly Row[]): Promise<void> {
  printTitle("Act one: a root attacker, no agent");
  for (const row of rows) {
    row.before = await attempt(guest, row.attack, payments.pid, payments.apiKey);
    row.serving = await payments.serves();
    printAttempt(row.attack, row.before);
  }
}

async function actTwo(guest: Guest, payments: Payments, rows: readonly Row[]): Promise<void> {
  for (const row of rows) {
    row.after = await attempt(guest, row.attack, payments.pid, payments.apiKey);
    row.serving = (await payments.serves()) && row.serving;
    printAttempt(row.attack, row.after);
  }
}

/** Attempts after the first of one program come as a count, a second later. */
const foldMs = 2_500;

async function countReports(agent: Agent, rows: readonly Row[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, foldMs));
  const denied = (await agent.events()).filter(({ outcome }) => outcome === "denied");
  for (const row of rows) {
    const own = denied.filter(({ vector }) => vector === row.attack.vector);
    row.events = own.reduce((sum, { count }) => sum + count, 0);
  }
}

async function showEvidence(guest: Guest, agent: Agent, rows: readonly Row[]): Promise<void> {
  await countReports(agent, rows);
  printTitle("What the agent reported");
  for (const event of await agent.events()) printEvent(event);
  printTitle("Some of its metrics");
  const lines = (await agent.metrics()).filter((line) => !line.includes("_bucket") && line.includes("_total"));
  for (const line of lines.slice(0, 16)) print(`  ${line}`);
  printTitle("cloudtaser status");
  print((await guest.run(["cloudtaser", "status"])).stdout.trimEnd());
  printTitle(`Attack by attack, on ${guest.release}`);
  printTable(rows);
}

function showMonitored(seen: Monitored): void {
  printTitle("What a Prometheus beside it says");
  print(`  ${attacksByVector}`);
  for (const [vector, value] of seen.byVector) print(`  ${vector.padEnd(26)}${value}`);
  print(`  firing by ${seen.rules}: ${[...new Set(seen.firing)].join(", ") || "nothing"}`);
}

async function showLog(guest: Guest, publicKey: string): Promise<Verified> {
  printTitle("The log of act two, verified");
  const verified = await verifyLog(guest, publicKey);
  print(verified.words);
  return verified;
}

/** Of Prometheus, what is not as the events have it. */
function differences(rows: readonly Row[], { byVector, firing }: Monitored): string[] {
  const sums = new Map<string, number>();
  for (const { attack, events } of rows) sums.set(attack.vector, events);
  return [
    ...[...sums]
      .filter(([vector, events]) => byVector.get(vector) !== events)
      .map(([vector, events]) => `Prometheus counts ${byVector.get(vector) ?? 0} of ${vector}, the events ${events}`),
    ...(firing.includes("CloudtaserAttackRefused") ? [] : ["no alert fires"]),
  ];
}

/** One sentence for everything that is not as it must be. */
function complaints(rows: readonly Row[], acts: 1 | 2): string[] {
  return rows.flatMap(({ attack: { title }, before, after, events, serving }) => [
    ...(before?.verdict === "stolen" ? [] : [`${title} did not succeed without the agent (${before?.words})`]),
    ...(serving ? [] : [`the service did not answer after ${title}`]),
    ...(acts === 1 || after?.verdict === "refused" ? [] : [`${title} was not refused (${after?.words})`]),
    ...(acts === 1 || events > 0 ? [] : [`${title} left no event`]),
  ]);
}

async function main(): Promise<number> {
  const acts = process.argv.slice(2).join(" ") === "--act one" ? 1 : 2;
  const kernel = process.env["KERNEL"] || "6.12";
  print(`booting a guest with a stock ${kernel} kernel`);
  const guest = await Guest.boot({
    kernel,
    product: acts === 2,
    copy: [
      { from: `${tree}test/demo/attacks`, to: attackFolder },
      { from: `${tree}build/demo/spy.bpf.o`, to: `${attackFolder}/spy.bpf.o` },
      { from: `${tree}test/demo/service`, to: "/opt/payments" },
    ],
  });
  try {
    const payments = await startPayments(guest);
    print(`${guest.release} is up; the payments service runs as process ${payments.pid}`);
    print(`its secrets: API_KEY=${payments.apiKey} DB_PASSWORD=${payments.dbPassword}`);
    const rows: Row[] = attacks.map((attack) => ({ attack, events: 0, serving: false }));
    const wrong: string[] = [];
    await actOne(guest, payments, rows);
    if (acts === 2) {
      printTitle("Act two: the same attacker, with the agent");
      const agent = await startAgent(guest, payments.pid, print);
      const watch = await monitored(guest, print);
      await actTwo(guest, payments, rows);
      await showEvidence(guest, agent, rows);
      const publicKey = await agent.publicKey();
      const seen = await watch();
      const status = await agent.stop();
      if (status !== 0) wrong.push(`the agent did not stop in order: status ${status}`);
      if ((await showLog(guest, publicKey)).status !== 0) wrong.push("the log did not verify");
      showMonitored(seen);
      wrong.push(...differences(rows, seen));
    }
    wrong.push(...complaints(rows, acts));
    print();
    for (const sentence of wrong) print(red(`  ${sentence}`));
    if (wrong.length === 0)
      print(
        green(bold(acts === 1 ? "Every attack succeeded." : "Every attack was refused; the service kept serving.")),
      );
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await guest.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
