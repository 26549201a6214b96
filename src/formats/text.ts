// SPDX-License-Identifier: Apache-2.0
// What formats do to text that somebody else chose. What the pipeline escaped passes unchanged; an event from elsewhere (a file, an
// agent of another version) may hold anything, so each format neutralises once more.

import { printable } from "../errors/index.js";

// JSON lets these stand as they are, but readers that split by Unicode rules see a line end in some of them.
const splitters = /[\x7f-\x9f\u2028\u2029]/g;

/** Nearly all text there is, and nothing to do about it. */
const harmless = /^[ -~]*$/;

/** One line without terminal control or hidden characters, at most `length` UTF-16 units and a "…" for what was cut.
 *  Backslashes stay as they are: the pipeline has doubled those that a process chose. */
export function plain(text: string, length: number): string {
  if (text.length <= length && harmless.test(text)) return text;
  const safe = printable(text, length).replaceAll("\\\\", "\\");
  if (safe.length <= length) return safe;
  const last = safe.charCodeAt(length - 1);
  // Half of a character that takes two units would be none.
  return `${safe.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length)}…`;
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** JSON that no terminal and no reader of lines takes for more. @param indent spaces a level; one line if left out */
export function jsonText(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent);
  return harmless.test(text) ? text : text.replace(splitters, escaped);
}

/** One line of JSON, the newline at its end included. */
export function jsonLine(value: unknown): string {
  return `${jsonText(value)}\n`;
}

/** `GUARD_SKIPPED` → `Guard skipped`: the name of an event type, for people. */
export function titleOf(type: string): string {
  const words = type.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Milliseconds since 1970. */
export function epochMs(time: string): number {
  return Date.parse(time);
}
