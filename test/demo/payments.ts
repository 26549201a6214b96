// SPDX-License-Identifier: Apache-2.0
// The service to be robbed and its bank, started in the guest with secrets made up for this run.

import { createHash, randomBytes } from "node:crypto";
import type { Guest } from "../lab/guest.js";

export const serviceFolder = "/opt/payments";
export const serviceUrl = "http://127.0.0.1:8080";

export interface Payments {
  pid: number;
  /** Name under which it is protected. */
  workload: string;
  apiKey: string;
  dbPassword: string;
  /** Buys something. True if the service answered with its own, whole key's digest. */
  serves(): Promise<boolean>;
  /** Logs in at its database, with the whole password. */
  logsIn(): Promise<boolean>;
}

const digestOf = (secret: string): string => createHash("sha256").update(secret).digest("hex").slice(0, 16);

export async function startPayments(guest: Guest): Promise<Payments> {
  const apiKey = `sk_live_${randomBytes(12).toString("hex")}`;
  const dbPassword = `pg-${randomBytes(9).toString("base64url")}`;
  const digest = digestOf(apiKey);
  const program = `${serviceFolder}/payments.py`;
  guest.spawn(["python3", program, "bank"], { env: { API_KEY_DIGEST: digest } });
  guest.spawn(["python3", program, "database"], { env: { DB_PASSWORD_DIGEST: digestOf(dbPassword) } });
  const service = guest.spawn(`echo $$; exec python3 ${program}`, {
    env: { API_KEY: apiKey, DB_PASSWORD: dbPassword },
  });
  if (!(await service.waitForOutput(/^\d+\n/)))
    throw new Error(`the payments service did not start: ${service.stderr}`);
  const serves = async (): Promise<boolean> => {
    const { stdout } = await fetchInGuest(guest, `${serviceUrl}/pay`, 30);
    return stdout.trim() === `OK ${digest}`;
  };
  const logsIn = async (): Promise<boolean> => {
    const { stdout } = await fetchInGuest(guest, `${serviceUrl}/login`, 30);
    return stdout.trim() === "welcome";
  };
  const pid = Number.parseInt(service.stdout, 10);
  const payments = { pid, workload: "payments", apiKey, dbPassword, serves, logsIn };
  if (!(await serves())) throw new Error(`the payments service does not answer: ${service.stderr}`);
  if (!(await logsIn())) throw new Error(`the payments service cannot log in: ${service.stderr}`);
  return payments;
}

/** Fetches a page inside the guest, trying again for so many seconds until it answers 200. */
export function fetchInGuest(guest: Guest, url: string, seconds: number) {
  return guest.run(["python3", `${serviceFolder}/fetch.py`, url, String(seconds)], { timeoutSeconds: seconds + 60 });
}
