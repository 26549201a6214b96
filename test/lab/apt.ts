// SPDX-License-Identifier: Apache-2.0
// A private apt: own state, cache, sources and keyring, so that packages of other suites can be fetched without
// touching this machine's configuration. The archive's address is the machine's own, read at run time.

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LabArch } from "./arch.js";
import { LabError } from "./error.js";
import { megabytes, runTool, say } from "./host.js";
import { debianKeyring, tool } from "./requirements.js";
import { type AptSource, type DebianArchive, parseDeb822, parseOneLine, pickDebianArchive } from "./sources.js";

export interface PackageRecord {
  name: string;
  version: string;
  /** Bytes of the .deb file. */
  size: number;
  depends: string;
}

/** Debian's archive for this machine: named by the user, or the one that apt here already uses. */
export async function debianArchive(env: NodeJS.ProcessEnv = process.env): Promise<DebianArchive> {
  const named = env["CLOUDTASER_DEBIAN_MIRROR"]?.replace(/\/+$/, "");
  if (named) return { main: named, security: `${named}-security` };
  const found = pickDebianArchive(await machineSources());
  if (found) return found;
  throw new LabError({
    code: "LAB_SOURCE_MISSING",
    about: "a Debian archive",
    cause: "apt on this machine uses none (not a Debian system, or its sources are switched off)",
    fix: "Set CLOUDTASER_DEBIAN_MIRROR to the address of a Debian mirror, the part before /dists.",
  });
}

async function machineSources(): Promise<AptSource[]> {
  const folder = "/etc/apt/sources.list.d";
  const names = existsSync(folder) ? (await readdir(folder)).sort().map((name) => join(folder, name)) : [];
  const found: AptSource[] = [];
  for (const file of ["/etc/apt/sources.list", ...names]) {
    if (!existsSync(file) || !/\.(list|sources)$/.test(file)) continue;
    const text = await readFile(file, "utf8");
    found.push(...(file.endsWith(".sources") ? parseDeb822(text) : parseOneLine(text)));
  }
  return found;
}

/** Source lines for a release and, if the machine knows where, its security updates. */
export function sourceLines(archive: DebianArchive, suite: string): string[] {
  const line = (uri: string, name: string): string => `deb [signed-by=${debianKeyring}] ${uri} ${name} main`;
  const lines = [line(archive.main, suite)];
  if (archive.security && suite !== "sid") lines.push(line(archive.security, `${suite}-security`));
  return lines;
}

export class PrivateApt {
  readonly #env: NodeJS.ProcessEnv;

  private constructor(configuration: string) {
    this.#env = { ...process.env, APT_CONFIG: configuration, LC_ALL: "C.UTF-8" };
  }

  /** Sets up under `dir` and fetches the package lists of the suite. */
  static async open(dir: string, suite: string, arch: LabArch = "amd64"): Promise<PrivateApt> {
    const lines = sourceLines(await debianArchive(), suite);
    await Promise.all(
      ["state/lists/partial", "cache/archives/partial", "none"].map((sub) =>
        mkdir(join(dir, sub), { recursive: true }),
      ),
    );
    await writeFile(join(dir, "status"), "");
    await writeFile(join(dir, "apt.conf"), await configuration(dir, arch));
    const apt = new PrivateApt(join(dir, "apt.conf"));
    say(`fetching the package lists of ${suite}`);
    // A release's security suite may be gone from a mirror when the release is old; the release itself then serves.
    for (const [index, attempt] of [lines, lines.slice(0, 1)].entries()) {
      await writeFile(join(dir, "sources.list"), `${attempt.join("\n")}\n`);
      try {
        await runTool([tool("apt-get"), "update", "-q", "--error-on=any"], { env: apt.#env });
        return apt;
      } catch (error) {
        if (index === 0 && lines.length > 1) say(`${suite} with security updates could not be read, trying without`);
        else throw unreachable(suite, error);
      }
    }
    return apt;
  }

  /** The newest version that the suite offers, or undefined if it has no such package. */
  async show(name: string): Promise<PackageRecord | undefined> {
    const text = await runTool(["apt-cache", "show", "--no-all-versions", name], { env: this.#env }).catch(() => "");
    const field = (key: string): string => new RegExp(`^${key}: (.*)$`, "m").exec(text)?.[1] ?? "";
    if (field("Package") === "") return undefined;
    return {
      name: field("Package"),
      version: field("Version"),
      size: Number(field("Size")),
      depends: field("Depends"),
    };
  }

  /** Downloads the packages into `dir` and returns the files' paths. */
  async download(packages: readonly PackageRecord[], dir: string): Promise<string[]> {
    await mkdir(dir, { recursive: true });
    for (const item of packages) say(`downloading ${item.name} ${item.version} (${megabytes(item.size)})`);
    await runTool([tool("apt-get"), "download", "-q", ...packages.map((item) => `${item.name}=${item.version}`)], {
      cwd: dir,
      env: this.#env,
      progress: true,
      fix: "Check that the archive which apt uses here can be reached, then try again.",
    });
    return (await readdir(dir)).filter((name) => name.endsWith(".deb")).map((name) => join(dir, name));
  }
}

/** What holds for every download here: a proxy or certificate that the machine needs, and whether a mirror may lag behind
 *  its own expiry date, which is this machine's decision and not ours. */
export async function machineOptions(): Promise<string[]> {
  const all = (await runTool(["apt-config", "dump"])).split("\n");
  return all.filter((line) => /^Acquire::(.*Proxy|https::|Check-Valid-Until)\S* ".+"/i.test(line));
}

async function configuration(dir: string, arch: LabArch): Promise<string> {
  const own = [
    ["Dir::State", join(dir, "state")],
    ["Dir::State::status", join(dir, "status")],
    ["Dir::Cache", join(dir, "cache")],
    ["Dir::Etc::sourcelist", join(dir, "sources.list")],
    ["Dir::Etc::sourceparts", join(dir, "none")],
    ["Dir::Etc::preferencesparts", join(dir, "none")],
    ["Dir::Etc::main", "/dev/null"],
    ["Dir::Etc::parts", join(dir, "none")],
    ["APT::Architecture", arch],
    ["APT::Architectures", arch],
    ["Acquire::Languages", "none"],
    // The unprivileged download user cannot write below a home folder.
    ["APT::Sandbox::User", ""],
  ].map(([key, value]) => `${key} "${value}";`);
  return `${[...(await machineOptions()), ...own].join("\n")}\n`;
}

function unreachable(suite: string, error: unknown): LabError {
  const output = error instanceof LabError ? error.output : String(error);
  return new LabError({
    code: "LAB_SOURCE_UNREACHABLE",
    about: `Debian ${suite}`,
    cause: "its package lists could not be fetched",
    fix: output.includes("is expired")
      ? "The mirror lags behind: set CLOUDTASER_DEBIAN_MIRROR to a fresh one, or allow it with Acquire::Check-Valid-Until in this machine's apt configuration."
      : "Check the network and the sources that apt uses here, or set CLOUDTASER_DEBIAN_MIRROR to another mirror.",
    output,
  });
}
