// SPDX-License-Identifier: Apache-2.0
// protect -- COMMAND: this process asks for protection of itself and then becomes the command, which so is protected from
// its first instruction, under the pid that the caller knows. Nothing of the agent is between the two.

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Environment } from "../config/index.js";
import type { ProtectRequest } from "../control/protocol.js";
import { CloudtaserError, printable, reasonOf } from "../errors/index.js";
import type { Io, Session } from "./io.js";
import { LaunchSecrets, type SecretVariables, workloadNameFor } from "./launch-secrets.js";

type Failure = "COMMAND_NOT_STARTED" | "COMMAND_NOT_FOUND";

function cannotStart(command: string, failure: Failure, reason: string, cause?: unknown): CloudtaserError {
  return new CloudtaserError(failure, { target: command, fields: { reason }, cause });
}

/** Path of the command, found as a shell finds it. */
export function resolveCommand(command: string, env: Environment): string {
  const candidates = command.includes("/")
    ? [command]
    : (env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
        .split(delimiter)
        .map((directory) => join(directory || ".", command));
  let unusable: string | undefined;
  for (const path of candidates) {
    try {
      const found = statSync(path);
      if (!found.isFile()) {
        unusable ??= found.isDirectory() ? "it is a directory" : "it is no regular file";
        continue;
      }
      accessSync(path, constants.X_OK);
      return path;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENOTDIR") unusable ??= reasonOf(error);
    }
  }
  if (command.includes("/") && unusable !== undefined) throw cannotStart(command, "COMMAND_NOT_STARTED", unusable);
  if (unusable?.startsWith("EACCES")) throw cannotStart(command, "COMMAND_NOT_STARTED", unusable);
  throw cannotStart(command, "COMMAND_NOT_FOUND", command === "" ? "the name is empty" : "not found");
}

export async function launch(
  io: Io,
  session: Session,
  request: ProtectRequest,
  tail: readonly string[],
  variables: SecretVariables,
): Promise<void> {
  const [command, ...args] = tail;
  if (command === undefined) {
    throw new CloudtaserError("USAGE", { target: "protect", fields: { reason: "no command after --" } });
  }
  const path = resolveCommand(command, io.env);
  const native = await io.native();
  const client = await session.client(variables.key);
  const named = variables.names.length === 0 ? request : { name: workloadNameFor(command), ...request };
  const secrets = new LaunchSecrets(client, named.name ?? "");
  const warnings = await secrets.register(variables, io.env);
  try {
    const report = await client.protect(named);
    for (const warning of [...warnings, ...report.warnings]) session.note(`warning: ${printable(warning)}`);
  } catch (error) {
    await secrets.undo();
    throw error;
  }
  const env = Object.entries(io.env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  try {
    native.exec(path, [command, ...args], env);
  } catch (error) {
    // This process is protected and ends now, and with it its protection.
    await secrets.undo();
    const gone = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw cannotStart(command, gone ? "COMMAND_NOT_FOUND" : "COMMAND_NOT_STARTED", reasonOf(error), error);
  }
}
