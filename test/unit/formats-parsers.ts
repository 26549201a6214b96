// SPDX-License-Identifier: Apache-2.0
// CEF and LEEF as a receiver reads them: character by character, from the formats' descriptions and without the encoders' code.

export interface Parsed {
  header: string[];
  fields: Map<string, string>;
}

/** Up to the first `end` that no backslash precedes, unescaped; and where it stopped. */
function readUntil(text: string, from: number, end: string): [value: string, next: number] {
  let value = "";
  for (let index = from; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === end) return [value, index + 1];
    if (character !== "\\") value += character;
    else {
      const escaped = text.charAt(++index);
      if (escaped !== "\\" && escaped !== end) throw new Error(`\\${escaped} is no escape in a header`);
      value += escaped;
    }
  }
  throw new Error("the header ends early");
}

function unescapeValue(text: string): string {
  let value = "";
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === "=") throw new Error("an equals sign without a backslash in a value");
    if (character !== "\\") value += character;
    else {
      const escaped = text.charAt(++index);
      if (escaped !== "\\" && escaped !== "=") throw new Error(`\\${escaped} is no escape of ours in a value`);
      value += escaped;
    }
  }
  return value;
}

function store(fields: Map<string, string>, key: string, value: string): void {
  if (fields.has(key)) throw new Error(`${key} twice`);
  fields.set(key, value);
}

/** Throws if it is not one line of CEF. */
export function parseCef(line: string): Parsed {
  if (!line.startsWith("CEF:0|") || !line.endsWith("\n")) throw new Error("not a line of CEF");
  const text = line.slice(0, -1);
  const header: string[] = [];
  let at = "CEF:0|".length;
  for (let field = 0; field < 6; field++) {
    const [value, next] = readUntil(text, at, "|");
    header.push(value);
    at = next;
  }
  // A key is a word before an equals sign that no backslash precedes; the value goes on to the blank before the next key.
  const extension = text.slice(at);
  const starts = [...extension.matchAll(/(?:^| )([A-Za-z0-9]+)=/g)];
  const fields = new Map<string, string>();
  if (extension !== "" && starts[0]?.index !== 0) throw new Error("text before the first key");
  for (const [index, match] of starts.entries()) {
    const end = starts[index + 1]?.index ?? extension.length;
    store(fields, match[1] ?? "", unescapeValue(extension.slice(match.index + match[0].length, end)));
  }
  return { header, fields };
}

/** Throws if it is not one line of LEEF 2.0. */
export function parseLeef(line: string): Parsed {
  if (!line.endsWith("\n")) throw new Error("not a line");
  const parts = line.slice(0, -1).split("|");
  const [version, vendor, product, productVersion, event, delimiter, ...rest] = parts;
  const code = /^(?:0?x([0-9a-fA-F]{1,4})|(.))$/.exec(delimiter ?? "");
  if (version !== "LEEF:2.0" || code === null) throw new Error("not a line of LEEF 2.0");
  const mark = code[1] === undefined ? (code[2] ?? "") : String.fromCodePoint(Number.parseInt(code[1], 16));
  const fields = new Map<string, string>();
  for (const attribute of rest.join("|").split(mark)) {
    const equals = attribute.indexOf("=");
    if (equals < 1) throw new Error(`an attribute without a key: ${attribute}`);
    store(fields, attribute.slice(0, equals), attribute.slice(equals + 1));
  }
  return { header: [vendor ?? "", product ?? "", productVersion ?? "", event ?? ""], fields };
}

/** What printable() escaped, back as it was. */
export function unprintable(text: string): string {
  return text.replace(/\\(?:\\|x([0-9a-f]{2})|u\{([0-9a-f]+)\})/g, (_all, byte, code) =>
    byte === undefined && code === undefined ? "\\" : String.fromCodePoint(Number.parseInt(byte ?? code, 16)),
  );
}
