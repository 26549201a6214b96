// SPDX-License-Identifier: Apache-2.0
// Reads the guest's console: keeps its last lines and recognises a kernel that is in trouble.

import type { LabErrorCode } from "./error.js";

export interface Trouble {
  code: LabErrorCode;
  /** The console line that told it. */
  line: string;
}

const signs: readonly { pattern: RegExp; code: LabErrorCode }[] = [
  { pattern: /Kernel panic/, code: "LAB_GUEST_PANIC" },
  {
    pattern: /soft lockup|hard LOCKUP/,
    code: "LAB_GUEST_LOCKUP",
  },
  { pattern: /\bBUG:|\bOops\b|general protection fault|double fault|kernel BUG at/, code: "LAB_GUEST_OOPS" },
];

export function findTrouble(line: string): Trouble | undefined {
  const sign = signs.find(({ pattern }) => pattern.test(line));
  return sign && { code: sign.code, line: line.trim() };
}

export class ConsoleWatch {
  readonly #onTrouble: (trouble: Trouble) => void;
  readonly #keep: number;
  #lines: string[] = [];
  #partial = "";

  constructor(onTrouble: (trouble: Trouble) => void, keep = 400) {
    this.#onTrouble = onTrouble;
    this.#keep = keep;
  }

  push(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const raw of lines) {
      const line = printable(raw);
      this.#lines.push(line);
      const trouble = findTrouble(line);
      if (trouble) this.#onTrouble(trouble);
    }
    this.#lines = this.#lines.slice(-this.#keep);
  }

  tail(count: number): string[] {
    const lines = this.#partial === "" ? this.#lines : [...this.#lines, printable(this.#partial)];
    return lines.slice(-count);
  }
}

// The firmware writes terminal escapes, and a guest may write anything.
function printable(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  return line.replace(/\u001b\[[0-9;?=]*[A-Za-z]|\u001bc|[\u0000-\u0008\u000b-\u001f\u007f]/g, "");
}
