// SPDX-License-Identifier: Apache-2.0
// Makes text that an attacker may have chosen safe to show: bounded, one line, no terminal control.

// Backslash, control (C0, DEL, C1), format (direction overrides, zero width, tags), line and paragraph separators, lone surrogates.
const unsafe = /[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
function escapeCharacter(character: string): string {
  if (character === "\\") return "\\\\";
  const code = character.codePointAt(0) ?? 0;
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** Escapes control characters (`\x1b`), backslash (doubled, so that the result can be read back) and characters that
 *  reorder or hide text. At most `maxLength` UTF-16 units before escaping; "…" marks a cut. */
export function printable(text: string, maxLength = 512): string {
  const cut = text.length > maxLength;
  const escaped = (cut ? text.slice(0, maxLength) : text).replace(unsafe, escapeCharacter);
  return cut ? `${escaped}…` : escaped;
}

/** Like printable(), line by line: for verifier logs and other text of several lines. */
export function printableLines(text: string, maxLines: number, maxLength = 512): string[] {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  while (lines.at(-1) === "") lines.pop();
  const kept = lines.slice(-maxLines).map((line) => printable(line.replaceAll("\t", "    "), maxLength));
  const dropped = lines.length - kept.length;
  return dropped > 0 ? [`… ${dropped} earlier lines left out`, ...kept] : kept;
}
