// SPDX-License-Identifier: Apache-2.0
// Waits for what a program in the guest answers, line by line.
import type { GuestCommand } from "../lab/command.js";

/** Line number `index` of its output, from 0. Throws if it does not come. */
export async function nextLine(command: GuestCommand, index: number, patienceMs = 90_000): Promise<string> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const lines = command.stdout.split("\n");
    if (lines.length > index + 1) return lines[index] ?? "";
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no line ${index} from the guest's command: ${command.stdout}${command.stderr}`);
}
