// SPDX-License-Identifier: Apache-2.0
// Listen addresses: HOST:PORT, [IPv6]:PORT, :PORT (all addresses), or "off".

export type ListenAddress = { host: string; port: number } | "off";

/** undefined if the text is none of the forms. Port 0 lets the kernel choose. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  if (text === "off") return "off";
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65535) return undefined;
  const host = match[1] ?? match[2] ?? "";
  return { host: host === "" ? "::" : host, port };
}
