// SPDX-License-Identifier: Apache-2.0
// `npm run lab`: one guest, one command or a shell, and the command's exit status.

import { type LabArguments, parseArguments, usage } from "./arguments.js";
import { LabError } from "./error.js";
import { Guest } from "./guest.js";
import { say } from "./host.js";

async function main(argv: readonly string[]): Promise<number> {
  const args = parseArguments(argv);
  if (args === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  return args.shell ? runShell(args) : runCommand(args);
}

async function runCommand(args: LabArguments): Promise<number> {
  const guest = await Guest.boot({
    ...args,
    timeoutSeconds: 120,
    onConsole: (text) => args.console && process.stderr.write(text),
  });
  try {
    say(`${guest.release} is up after ${(guest.bootMilliseconds / 1000).toFixed(1)} s`);
    const [only = "", ...more] = args.command;
    const result = await guest.run(more.length === 0 ? only : args.command, {
      timeoutSeconds: args.timeoutSeconds,
      onOutput: (data, stream) => process[stream].write(data),
    });
    if (result.signal) say(`the command was ended by ${result.signal}`);
    return result.status;
  } finally {
    await guest.close();
  }
}

async function runShell(args: LabArguments): Promise<number> {
  const guest = await Guest.boot({ ...args, timeoutSeconds: 120, onConsole: (text) => process.stdout.write(text) });
  const { stdin, stdout } = process;
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    // A serial line carries no window size.
    const size = stdout.rows > 0 ? `stty rows ${stdout.rows} cols ${stdout.columns}; ` : "";
    guest.typeOnConsole(`${size}export TERM=${process.env["TERM"] ?? "vt100"}\r`);
  }
  stdin.on("data", (data: Buffer) => guest.typeOnConsole(data));
  await guest.ended;
  if (stdin.isTTY) stdin.setRawMode(false);
  stdin.destroy();
  return 0;
}

// Ending by exit rather than by the signal itself lets what the boot put into /tmp be removed.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof LabError ? error.message : (error as Error).stack}\n`);
  process.exitCode = error instanceof LabError && error.code === "LAB_USAGE" ? 2 : 125;
}
