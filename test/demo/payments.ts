// SPDX-License-Identifier: Apache-2.0
// The service to be robbed and its bank, started in the guest with secrets made up for this run.

import { createHash, randomBytes } from "node:crypto";
import type { Guest } from "../lab/guest.js";

const folder = "/opt/payments";

export interface Payments {
  pid: number;
  apiKey: string;
  dbPassword: string;
  /** Buys something. True if the service answered with its own, whole key's digest. */
  serves(): Promise<boolean>;
}

export async function startPayments(guest: Guest): Promise<Payments> {
  const apiKey = `sk_live_${randomBytes(12).toString("hex")}`;
  const dbPassword = `pg-${randomBytes(9).toString("base64url")}`;
  const digest = createHash("sha256").update(apiKey).digest("hex").slice(0, 16);
  guest.spawn(["python3", `${folder}/payments.py`, "bank"], { env: { API_KEY_DIGEST: digest } });
  const service = guest.spawn(`echo $$; exec python3 ${folder}/payments.py`, {
    env: { API_KEY: apiKey, DB_PASSWORD: dbPassword },
  });
  if (!(await service.waitForOutput(/^\d+\n/)))
    throw new Error(`the payments service did not start: ${service.stderr}`);
  const serves = async (): Promise<boolean> => {
    const { stdout } = await fetchInGuest(guest, "http://127.0.0.1:8080/pay", 30);
    return stdout.trim() === `OK ${digest}`;
  };
  const payments = { pid: Number.parseInt(service.stdout, 10), apiKey, dbPassword, serves };
  if (!(await serves())) throw new Error(`the payments service does not answer: ${service.stderr}`);
  return payments;
}

/** Fetches a page inside the guest, trying again for so many seconds until it answers 200. */
export function fetchInGuest(guest: Guest, url: string, seconds: number) {
  return guest.run(["python3", `${folder}/fetch.py`, url, String(seconds)], { timeoutSeconds: seconds + 60 });
}
