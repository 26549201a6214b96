// SPDX-License-Identifier: Apache-2.0
// make demo: one guest, one service, the same attacks twice, and the service's own leaks twice. Status 0 only if all of
// them succeeded before, were refused after and left an event, and the service kept serving. KERNEL chooses the kernel;
// "--act one" stops before the agent.

import { fileURLToPath } from "node:url";
import { Guest } from "../lab/guest.js";
import { type Agent, startAgent, type Verified, verifyLog } from "./agent.js";
import { attackFolder, attacks, attempt } from "./attacks.js";
import { leak, leaks, registerSecrets, startThief } from "./leaks.js";
import { attacksByVector, type Monitored, monitored } from "./monitored.js";
import { type Payments, startPayments } from "./payments.js";
import { bold, green, print, printAttempt, printEvent, printTable, printTitle, type Row, red } from "./report.js";

// This file runs as dist/test/demo/demo.js; what goes into the guest lies in the sources.
const tree = fileURLToPath(new URL("../../../", import.meta.url));

interface Play {
  guest: Guest;
  payments: Payments;
  /** Of a root attacker. */
  attacks: readonly Row[];
  /** Of the service itself. */
  leaks: readonly Row[];
}

async function run(rows: readonly Row[], payments: Payments, when: "before" | "after"): Promise<void> {
  for (const row of rows) {
    const result = await row.attempt();
    row[when] = result;
    row.serving = (await payments.serves()) && (row.serving || when === "before");
    printAttempt(row.trick, result);
  }
}

async function actOne({ payments, attacks, leaks }: Play): Promise<void> {
  printTitle("Act one: a root attacker and a service that leaks, no agent");
  await run(attacks, payments, "before");
  await run(leaks, payments, "before");
}

async function actTwo({ guest, payments, attacks }: Play) {
  printTitle("Act two: the same attacker, with the agent");
  const agent = await startAgent(guest, payments, print);
  const watch = await monitored(guest, print);
  await run(attacks, payments, "after");
  return { agent, watch };
}

async function actThree({ guest, payments, leaks }: Play): Promise<void> {
  printTitle("Act three: the same leaks, with the service's secrets registered");
  await registerSecrets(guest, payments, print);
  await run(leaks, payments, "after");
  print(`  the service ${(await payments.logsIn()) ? "logs in" : "CANNOT LOG IN"} at its database with DB_PASSWORD`);
}

/** Attempts after the first of one program come as a count, a second later. */
const foldMs = 2_500;

async function countReports(agent: Agent, rows: readonly Row[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, foldMs));
  const denied = (await agent.events()).filter(({ outcome }) => outcome === "denied");
  for (const row of rows) {
    const own = denied.filter(({ vector }) => vector === row.trick.vector);
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
  printTitle(`Attempt by attempt, on ${guest.release}`);
  printTable(rows);
}

function showMonitored(seen: Monitored): void {
  printTitle("What a Prometheus beside it says");
  print(`  ${attacksByVector}`);
  for (const [vector, value] of seen.byVector) print(`  ${vector.padEnd(26)}${value}`);
  print(`  firing by ${seen.rules}: ${[...new Set(seen.firing)].join(", ") || "nothing"}`);
}

async function showLog(guest: Guest, publicKey: string): Promise<Verified> {
  printTitle("The log of acts two and three, verified");
  const verified = await verifyLog(guest, publicKey);
  print(verified.words);
  return verified;
}

/** Of Prometheus, what is not as the events have it. */
function differences(rows: readonly Row[], { byVector, firing }: Monitored): string[] {
  const sums = new Map<string, number>();
  for (const { trick, events } of rows) sums.set(trick.vector, events);
  return [
    ...[...sums]
      .filter(([vector, events]) => byVector.get(vector) !== events)
      .map(([vector, events]) => `Prometheus counts ${byVector.get(vector) ?? 0} of ${vector}, the events ${events}`),
    ...(firing.includes("CloudtaserAttackRefused") ? [] : ["no alert fires"]),
  ];
}

/** One sentence for everything that is not as it must be. */
function complaints(rows: readonly Row[], acts: 1 | 3): string[] {
  return rows.flatMap(({ trick: { title }, before, after, events, serving }) => [
    ...(before?.verdict === "stolen" ? [] : [`${title} did not succeed without the agent (${before?.words})`]),
    ...(serving ? [] : [`the service did not answer after ${title}`]),
    ...(acts === 1 || after?.verdict === "refused" ? [] : [`${title} was not refused (${after?.words})`]),
    ...(acts === 1 || events > 0 ? [] : [`${title} left no event`]),
  ]);
}

async function prepare(guest: Guest): Promise<Play> {
  const payments = await startPayments(guest);
  await startThief(guest);
  print(`${guest.release} is up; the payments service runs as process ${payments.pid}`);
  print(`its secrets: API_KEY=${payments.apiKey} DB_PASSWORD=${payments.dbPassword}`);
  const row = { events: 0, serving: false };
  return {
    guest,
    payments,
    attacks: attacks.map((one) => ({
      ...row,
      trick: one,
      attempt: () => attempt(guest, one, payments.pid, payments.apiKey),
    })),
    leaks: leaks.map((one) => ({ ...row, trick: one, attempt: () => leak(guest, one, payments) })),
  };
}

async function main(): Promise<number> {
  const acts = process.argv.slice(2).join(" ") === "--act one" ? 1 : 3;
  const kernel = process.env["KERNEL"] || "6.12";
  print(`booting a guest with a stock ${kernel} kernel`);
  const guest = await Guest.boot({
    kernel,
    product: acts === 3,
    copy: [
      { from: `${tree}test/demo/attacks`, to: attackFolder },
      { from: `${tree}build/demo/spy.bpf.o`, to: `${attackFolder}/spy.bpf.o` },
      { from: `${tree}test/demo/service`, to: "/opt/payments" },
    ],
  });
  try {
    const play = await prepare(guest);
    const rows = [...play.attacks, ...play.leaks];
    const wrong: string[] = [];
    await actOne(play);
    if (acts === 3) {
      const { agent, watch } = await actTwo(play);
      await actThree(play);
      await showEvidence(guest, agent, rows);
      if (!(await play.payments.logsIn())) wrong.push("the service cannot log in at its database");
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
        green(bold(acts === 1 ? "Every attempt succeeded." : "Every attempt was refused; the service kept serving.")),
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
