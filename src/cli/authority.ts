// SPDX-License-Identifier: Apache-2.0
// cloudtaser authority: the key of whoever may loosen protection, and what it signs. Nothing here talks to the agent: the
// private key need never be on a node.

import { renameSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { Signer } from "../keys/index.js";
import { readKey } from "./authority-key.js";
import { type Io, sessionOf } from "./io.js";

export function addAuthority(program: Command, io: Io): void {
  const group = program
    .command("authority")
    .description("the key of whoever may loosen protection, where root as such may not");

  group
    .command("keygen")
    .description("make a private key, and show its public half for the configuration")
    .argument("<file>", "where the private key goes, readable by its owner only")
    .action(async (file: string, _: unknown, command: Command) => {
      const { makeKey } = await import("../keys/index.js");
      written(file, () => makeKey(file));
      show(io, command, await readKey(file));
    });

  group
    .command("show")
    .description("show the public half of a private key")
    .argument("<key>", "file of the private key")
    .action(async (file: string, _: unknown, command: Command) => show(io, command, await readKey(file)));

  group
    .command("sign")
    .description("sign a configuration; the signature goes beside it, as FILE.sig")
    .argument("<file>", "configuration")
    .requiredOption("--key <file>", "private key of the authority")
    .action(async (file: string, { key }: { key: string }, command: Command) => {
      const session = sessionOf(io, command);
      const signer = await readKey(key);
      const { readSource } = await import("../config/source.js");
      const { configurationText, signaturePath } = await import("../keys/index.js");
      // Also says where it is no YAML.
      const { digest } = readSource(file);
      const path = signaturePath(file);
      written(path, () => {
        writeFileSync(`${path}.new`, `${signer.sign(configurationText(digest))}\n`, { mode: 0o644 });
        renameSync(`${path}.new`, path);
      });
      if (session.json) session.value({ file, signature: path, publicKey: signer.publicKey });
      else session.line(`${path} written`);
    });
}

/** Throws AUTHORITY_FILE_UNWRITABLE. */
function written(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new CloudtaserError("AUTHORITY_FILE_UNWRITABLE", { target: path, fields: { reason: reasonOf(error) } });
  }
}

function show(io: Io, command: Command, { publicKey }: Signer): void {
  const session = sessionOf(io, command);
  if (session.json) session.value({ publicKey });
  else session.line(publicKey);
}
