// SPDX-License-Identifier: Apache-2.0
// The licences of what others wrote and the product holds, as one text: packages in the bundle and the addon, and the C
// library in the static programs. Usage: licences, from the root of the tree; fails if a package has no text.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Lock, nameOf, partsOf } from "./sbom.js";

export interface Notice {
  name: string;
  version: string;
  licence: string;
  text: string;
}

/** Files in which a package says under what terms it may be passed on. */
const termsName = /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i;

/** Throws, naming the package, if it has no terms or the lock file no licence. */
export function packageNotices(lock: Lock, root = "."): Notice[] {
  return partsOf(lock).map(([path, { version = "", license }]) => {
    const name = nameOf(path);
    const files = readdirSync(join(root, path))
      .filter((file) => termsName.test(file))
      .sort();
    const text = files.map((file) => readFileSync(join(root, path, file), "utf8").trim()).join("\n\n");
    if (text === "" || license === undefined) throw new Error(`${name} ${version}: no licence at ${path}`);
    return { name, version, licence: license, text };
  });
}

/** Where Debian keeps the terms of the C library. */
const libcTerms = ["/usr/share/doc/libc6-dev/copyright", "/usr/share/doc/libc6/copyright"];

function libcNotice(): Notice {
  const path = libcTerms.find((candidate) => existsSync(candidate));
  const text =
    path === undefined
      ? "GNU Lesser General Public License, version 2.1 or later: https://www.gnu.org/licenses/old-licenses/lgpl-2.1.html"
      : readFileSync(path, "utf8").trim();
  const where =
    "The GNU C Library, in the programs that are linked statically; their sources are those of this version.";
  return { name: "glibc", version: "", licence: "LGPL-2.1-or-later", text: `${where}\n\n${text}` };
}

export function noticesText(notices: readonly Notice[]): string {
  const line = "=".repeat(80);
  const parts = notices.map(({ name, version, licence, text }) =>
    [line, `${name} ${version}`.trim(), licence, line, "", text, "", ""].join("\n"),
  );
  return `What others wrote and this product holds, and under which terms.\n\n${parts.join("\n")}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lock;
  process.stdout.write(noticesText([...packageNotices(lock), libcNotice()]));
}
