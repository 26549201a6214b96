// SPDX-License-Identifier: Apache-2.0
// Reads apt's own source files, both styles, to learn which Debian archive this machine is meant to use.
// Pure text in, address out: no archive address is written anywhere in this repository.

export interface AptSource {
  uri: string;
  suites: readonly string[];
  components: readonly string[];
  signedBy: string;
}

export interface DebianArchive {
  main: string;
  /** Where the -security suites live; absent if the machine names none. */
  security?: string;
}

const debianSuite =
  /^(?:buster|bullseye|bookworm|trixie|forky|duke|sid|stable|oldstable|oldoldstable|testing|unstable)(-security|-updates)?$/;

/** `/etc/apt/sources.list.d/*.sources`: stanzas of "Field: value" with continuation lines. */
export function parseDeb822(text: string): AptSource[] {
  const found: AptSource[] = [];
  for (const stanza of text.split(/\n[ \t]*\n/)) {
    const fields = stanzaFields(stanza);
    const words = (name: string): string[] => (fields.get(name) ?? "").split(/\s+/).filter((word) => word !== "");
    if (!words("types").includes("deb") || /^(no|false|0)$/i.test(fields.get("enabled") ?? "yes")) continue;
    const signedBy = fields.get("signed-by") ?? "";
    for (const uri of words("uris")) {
      found.push({ uri, suites: words("suites"), components: words("components"), signedBy });
    }
  }
  return found;
}

function stanzaFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let current = "";
  for (const line of stanza.split("\n")) {
    if (line.startsWith("#")) continue;
    const field = /^([A-Za-z0-9-]+):(.*)$/.exec(line);
    if (field) {
      current = (field[1] ?? "").toLowerCase();
      fields.set(current, (field[2] ?? "").trim());
    } else if (current !== "" && /^[ \t]/.test(line)) {
      fields.set(current, `${fields.get(current) ?? ""} ${line.trim()}`.trim());
    }
  }
  return fields;
}

/** `sources.list` and `*.list`: one source to a line, options in square brackets. */
export function parseOneLine(text: string): AptSource[] {
  const found: AptSource[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!match) continue;
    const signedBy = /(?:^|\s)signed-by=(\S+)/.exec(match[1] ?? "")?.[1] ?? "";
    const components = (match[4] ?? "").split(/\s+/).filter((word) => word !== "");
    found.push({ uri: match[2] ?? "", suites: [match[3] ?? ""], components, signedBy });
  }
  return found;
}

/** Picks the archive among everything the machine uses; third parties reuse Debian's suite names, so the best fit wins. */
export function pickDebianArchive(sources: readonly AptSource[]): DebianArchive | undefined {
  const fits = (security: boolean): string | undefined => {
    const candidates = sources
      .filter((source) => source.components.includes("main"))
      .filter((source) => source.suites.some((suite) => debianSuite.test(suite) && isSecurity(suite) === security))
      .map((source) => ({ source, score: likeness(source) }))
      .sort((a, b) => b.score - a.score);
    return candidates[0] && candidates[0].score > 0 ? candidates[0].source.uri.replace(/\/+$/, "") : undefined;
  };
  const main = fits(false);
  if (main === undefined) return undefined;
  const security = fits(true);
  return security === undefined ? { main } : { main, security };
}

function isSecurity(suite: string): boolean {
  return suite.endsWith("-security");
}

function likeness(source: AptSource): number {
  const path = /\/debian(-security)?\/*$/.test(source.uri) || source.uri.startsWith("mirror+file:") ? 1 : 0;
  return path + (source.signedBy.includes("debian-archive") ? 2 : 0);
}
