// SPDX-License-Identifier: Apache-2.0
// The tools that the lab needs on the machine, and the apt package that brings each of them.

import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { LabArch } from "./arch.js";
import { LabError } from "./error.js";

export const requiredTools = {
  "qemu-system-x86_64": "qemu-system-x86",
  mmdebstrap: "mmdebstrap",
  mke2fs: "e2fsprogs",
  busybox: "busybox-static",
  cpio: "cpio",
  xz: "xz-utils",
  zstd: "zstd",
  depmod: "kmod",
  gcc: "gcc libc6-dev",
  tar: "tar",
  setpriv: "util-linux",
  "apt-get": "apt",
  "dpkg-deb": "dpkg",
} as const satisfies Record<string, string>;

/** Instead of the first, for a guest with another processor. */
const foreignTools = {
  "qemu-system-aarch64": "qemu-system-arm",
  "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
  npm: "npm",
} as const satisfies Record<string, string>;

export type RequiredTool = keyof typeof requiredTools | keyof typeof foreignTools;

export const debianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Where a tool is, or undefined. The sbin folders are looked at even if a user's PATH leaves them out. */
export function findTool(name: string, path = process.env["PATH"] ?? ""): string | undefined {
  for (const dir of [...path.split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"]) {
    const file = join(dir, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** The apt packages that are missing here; empty when the lab can run. */
export function missingPackages(arch: LabArch = "amd64"): { tool: string; packages: string }[] {
  const missing: { tool: string; packages: string }[] = Object.entries(
    arch === "amd64" ? requiredTools : { ...requiredTools, ...foreignTools },
  )
    .filter(([tool]) => findTool(tool) === undefined)
    .map(([tool, packages]) => ({ tool, packages }));
  // Without being root, the root file system's owners are made in a user namespace.
  if (process.getuid?.() !== 0 && findTool("newuidmap") === undefined)
    missing.push({ tool: "newuidmap", packages: "uidmap" });
  if (!existsSync(debianKeyring)) missing.push({ tool: debianKeyring, packages: "debian-archive-keyring" });
  return missing;
}

export function requireTools(arch: LabArch = "amd64"): void {
  const missing = missingPackages(arch);
  if (missing.length === 0) return;
  throw new LabError({
    code: "LAB_TOOL_MISSING",
    about: missing.map(({ tool }) => tool).join(", "),
    cause: "not found on this machine",
    fix: `Install it: apt-get install ${missing.map(({ packages }) => packages).join(" ")}`,
  });
}

/** The tool's full path; call requireTools first. */
export function tool(name: RequiredTool): string {
  return findTool(name) ?? name;
}
