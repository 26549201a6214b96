// SPDX-License-Identifier: Apache-2.0
// Destinations as people write them: what is understood, and what is refused rather than guessed.
import { describe, expect, it } from "vitest";
import { parseDestination } from "../../src/config/destination.js";

const parse = (text: string) => {
  const found = parseDestination(text);
  return found && `${found.family} ${Buffer.from(found.address).toString("hex")}/${found.bits} ${found.port}`;
};

describe("parseDestination", () => {
  it.each([
    ["10.1.2.3", "4 0a010203/32 0"],
    ["10.1.2.3/8:5432", "4 0a000000/8 5432"],
    ["0.0.0.0/0", "4 00000000/0 0"],
    ["192.0.2.7:*", "4 c0000207/32 0"],
    ["[2001:db8::/32]:443", "6 20010db8000000000000000000000000/32 443"],
    ["[2001:db8:ffff::1/33]", "6 20010db8800000000000000000000000/33 0"],
    ["::1", "6 00000000000000000000000000000001/128 0"],
    ["2001:db8:0:0:1:0:0:1", "6 20010db8000000000001000000000001/128 0"],
    ["[::ffff:10.0.0.1]:53", "4 0a000001/32 53"],
    ["::ffff:10.0.0.0/104", "4 0a000000/8 0"],
    ["[64:ff9b::1.2.3.4]:80", "6 0064ff9b000000000000000001020304/128 80"],
  ])("%s", (text, wanted) => {
    expect(parse(text)).toBe(wanted);
  });

  it.each([
    "",
    "db.example",
    "10.0.0.0/33",
    "10.0.0.256",
    "10.0.0.1:0",
    "10.0.0.1:65536",
    "[::1]:x",
    "::1%lo",
    "::/129",
    "/run/x",
  ])("refuses %s", (text) => {
    expect(parseDestination(text)).toBeUndefined();
  });
});
