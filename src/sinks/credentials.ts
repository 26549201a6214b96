// SPDX-License-Identifier: Apache-2.0
// Certificates, keys and tokens from their files, read when they are needed, so that they may be rotated. Nothing of a token
// or a key gets into an error.

import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { reasonOf } from "../errors/index.js";
import { DeliveryError } from "./transport.js";

export interface TlsFiles {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  serverName?: string | undefined;
}

const maxToken = 8192;

async function contents(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new DeliveryError(`the ${what} cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

/** What a header takes: one line of printable ASCII. */
export async function readToken(path: string): Promise<string> {
  const token = (await contents(path, "token")).trim();
  if (token === "" || token.length > maxToken || !/^[\x21-\x7e]+$/.test(token))
    throw new DeliveryError(`the file ${path} holds no token: it must be one line of printable ASCII without blanks`);
  return token;
}

/** The receiver is always verified. */
export async function tlsOptions(files: TlsFiles | undefined): Promise<ConnectionOptions> {
  const { ca, cert, key, serverName } = files ?? {};
  const [caText, certText, keyText] = await Promise.all([
    ca === undefined ? undefined : contents(ca, "list of certificates"),
    cert === undefined ? undefined : contents(cert, "client certificate"),
    key === undefined ? undefined : contents(key, "key of the client certificate"),
  ]);
  return {
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    ...(caText === undefined ? {} : { ca: caText }),
    ...(certText === undefined ? {} : { cert: certText }),
    ...(keyText === undefined ? {} : { key: keyText }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
