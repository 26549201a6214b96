// SPDX-License-Identifier: Apache-2.0
// How the lab learns the Debian archive from apt's own files.

import { describe, expect, it } from "vitest";
import { sourceLines } from "../lab/apt.js";
import { parseDeb822, parseOneLine, pickDebianArchive } from "../lab/sources.js";

const deb822 = `# written by an installer
Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
`;

describe("apt sources", () => {
  it("reads stanzas with continuation lines, comments and switched-off sources", () => {
    const sources = parseDeb822(deb822);
    expect(sources).toHaveLength(2);
    expect(sources[0]).toMatchObject({
      uri: "http://mirror.example/debian/",
      suites: ["bookworm", "bookworm-updates"],
      components: ["main", "contrib"],
    });
  });

  it("reads one-line sources with options and trailing comments", () => {
    const text = `# deb http://off.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main non-free # ours
deb-src http://mirror.example/debian bookworm main
`;
    expect(parseOneLine(text)).toEqual([
      {
        uri: "http://mirror.example/debian",
        suites: ["bookworm"],
        components: ["main", "non-free"],
        signedBy: "/k.gpg",
      },
    ]);
  });

  it("finds the archive and its security suites", () => {
    expect(pickDebianArchive(parseDeb822(deb822))).toEqual({
      main: "http://mirror.example/debian",
      security: "http://mirror.example/debian-security",
    });
  });

  it("is not misled by a third party that uses Debian's suite names", () => {
    const third = parseOneLine("deb [signed-by=/k.gpg] http://third.example/apt bookworm main");
    expect(pickDebianArchive(third)).toBeUndefined();
    const archive = pickDebianArchive([...third, ...parseOneLine("deb http://mirror.example/debian bookworm main")]);
    expect(archive).toEqual({ main: "http://mirror.example/debian" });
  });

  it("finds none on another distribution", () => {
    expect(pickDebianArchive(parseOneLine("deb http://mirror.example/ubuntu noble main universe"))).toBeUndefined();
  });

  it("asks for security updates where a release has them", () => {
    const archive = { main: "http://m.example/debian", security: "http://m.example/debian-security" };
    expect(sourceLines(archive, "bullseye")).toHaveLength(2);
    expect(sourceLines(archive, "sid")).toHaveLength(1);
    expect(sourceLines({ main: archive.main }, "bullseye")).toHaveLength(1);
  });
});
