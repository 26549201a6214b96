// SPDX-License-Identifier: Apache-2.0
// Small pieces of Markdown that every generated reference uses.

/** The first lines of a reference: licence, that it is generated, heading, what it lists. */
export function opening(title: string, source: string, about: string): string {
  return [
    "<!-- SPDX-License-Identifier: Apache-2.0 -->",
    `<!-- Generated from ${source} by make generate. Do not edit. -->`,
    "",
    `# ${title}`,
    "",
    about,
    "",
  ].join("\n");
}

/** A cell: one line, with nothing in it that ends the cell. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line), ""].join("\n");
}

export const code = (text: string): string => `\`${text}\``;

export const codes = (texts: readonly string[]): string => texts.map(code).join(", ");

/** Link to an entry of another reference. */
export const entryLink = (file: string, name: string): string => `[${code(name)}](${file}.md#${name})`;
