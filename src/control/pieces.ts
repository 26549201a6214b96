// SPDX-License-Identifier: Apache-2.0
// The JSON of an answer in pieces: what JSON.stringify makes of it, of which a long list is not made in one go.

/** Elements of a list that one piece may hold. */
export const perPiece = 256;

const isLong = (value: unknown, most: number): value is unknown[] => Array.isArray(value) && value.length > most;

/** Lists are looked for where answers have them: the value itself, or what it holds. Any other value is one piece. */
export function* jsonPieces(value: unknown, most = perPiece): Generator<string, void, void> {
  if (isLong(value, most)) {
    for (let at = 0; at < value.length; at += most) {
      yield `${at === 0 ? "[" : ","}${JSON.stringify(value.slice(at, at + most)).slice(1, -1)}`;
    }
    yield "]";
    return;
  }
  const parts = partsOf(value);
  if (!parts.some(([, part]) => isLong(part, most))) {
    yield `${JSON.stringify(value)}`;
    return;
  }
  let before = "{";
  for (const [key, part] of parts) {
    if (isLeftOut(part)) continue;
    before += `${JSON.stringify(key)}:`;
    for (const piece of jsonPieces(part, most)) {
      yield before + piece;
      before = "";
    }
    before = ",";
  }
  yield "}";
}

/** By JSON.stringify. */
const isLeftOut = (value: unknown): boolean => ["undefined", "function", "symbol"].includes(typeof value);

function partsOf(value: unknown): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value) || "toJSON" in value) return [];
  return Object.entries(value);
}
