// SPDX-License-Identifier: Apache-2.0
// Whether a stream gets colour: a terminal that was not told otherwise.

/** NO_COLOR (any text) and TERM=dumb win over everything. */
export function wantsColor(
  stream: { isTTY?: boolean | undefined },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if ((env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb") return false;
  return stream.isTTY === true;
}
