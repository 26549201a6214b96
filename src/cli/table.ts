// SPDX-License-Identifier: Apache-2.0
// Columns of text for a terminal. Every cell is made printable here, so that no caller can forget it.

import { styleText } from "node:util";
import { printable } from "../errors/index.js";

export type Style = Parameters<typeof styleText>[0];

export interface Cell {
  text: string;
  style?: Style | undefined;
}

export interface Column {
  title: string;
  align?: "left" | "right";
  /** Terminal cells; longer text is cut with "…". No limit if left out. */
  max?: number;
}

const gap = "  ";

// Two cells wide: CJK, Hangul, fullwidth forms, and what terminals show as emoji.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const combining = /^\p{M}$/u;

function cellsOf(character: string): number {
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Terminal cells that the text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += cellsOf(character);
  return width;
}

/** The text in at most `max` terminal cells. */
export function cut(text: string, max: number): string {
  if (widthOf(text) <= max) return text;
  let kept = "";
  let width = 1; // the ellipsis
  for (const character of text) {
    width += cellsOf(character);
    if (width > max) break;
    kept += character;
  }
  return `${kept}…`;
}

export function paint(text: string, style: Style | undefined, color: boolean): string {
  return color && style !== undefined ? styleText(style, text, { validateStream: false }) : text;
}

/** Lines without newlines: titles, then rows. A row may be shorter than the columns. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | Cell)[])[],
  { color = false }: { color?: boolean } = {},
): string[] {
  const shown = rows.map((row) =>
    columns.map(({ max }, index): Cell => {
      const cell = row[index] ?? "";
      const text = printable(typeof cell === "string" ? cell : cell.text);
      return {
        text: max === undefined ? text : cut(text, max),
        style: typeof cell === "string" ? undefined : cell.style,
      };
    }),
  );
  const head = columns.map(({ title }): Cell => ({ text: title, style: "bold" }));
  const widths = columns.map((_, index) => Math.max(...[head, ...shown].map((row) => widthOf(row[index]?.text ?? ""))));
  return [head, ...shown].map((row) =>
    row
      .map(({ text, style }, index) => {
        const padding = " ".repeat((widths[index] ?? 0) - widthOf(text));
        const painted = paint(text, style, color);
        if (columns[index]?.align === "right") return padding + painted;
        return index === row.length - 1 ? painted : painted + padding;
      })
      .join(gap)
      .trimEnd(),
  );
}
