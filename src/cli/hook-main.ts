// SPDX-License-Identifier: Apache-2.0
// The hook as container runtimes start it, for every container: a program of its own that loads little. The same as
// `cloudtaser hook`.

import { parseArgs } from "node:util";
import { CloudtaserError, exitCodeOf, printable, reasonOf, toCloudtaserError } from "../errors/index.js";
import { line, standardInput } from "./hook-io.js";
import { hookOptions, type RawHookOptions } from "./hook-options.js";
import { runHook } from "./hook-run.js";

function rawOptions(argv: string[]): RawHookOptions {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      args: argv,
      options: { socket: text, "on-failure": text, timeout: text, spare: { type: "string", multiple: true } },
    });
    return { ...values, onFailure: values["on-failure"] };
  } catch (cause) {
    throw new CloudtaserError("USAGE", { target: "hook", fields: { reason: reasonOf(cause) }, cause });
  }
}

async function main(argv: string[]): Promise<number> {
  try {
    const client = async (socket: string) => new (await import("../control/client.js")).ControlClient({ socket });
    return await runHook(hookOptions(rawOptions(argv), process.env), { read: standardInput(), line, client });
  } catch (error) {
    // A hook that is called wrongly must not look like one that works.
    const shown = toCloudtaserError(error, "hook");
    line(`cloudtaser: ${printable(shown.message)}. ${printable(shown.help)}`);
    return exitCodeOf(shown);
  }
}

// A read of standard input, or a connection, may still be open.
void main(process.argv.slice(2)).then((status) => process.exit(status));
