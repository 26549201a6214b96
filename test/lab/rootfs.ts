// SPDX-License-Identifier: Apache-2.0
// The guest's root file system: a real small Debian, made by mmdebstrap once per package list and suite.
// Guests never write to the image itself.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { debianArchive, machineOptions, sourceLines } from "./apt.js";
import { cached, shortHash } from "./cache.js";
import { imageCommand } from "./disk.js";
import { runTool, say } from "./host.js";
import { debianKeyring, tool } from "./requirements.js";

export const guestPackages = [
  "bpftool",
  "busybox-static",
  "ca-certificates",
  "coreutils",
  "crun",
  "dbus",
  "gdb",
  "iproute2",
  "kmod",
  "libbpf1",
  "libelf1",
  "libpython3-stdlib",
  "libstdc++6",
  "lsof",
  "procps",
  "python3-minimal",
  "strace",
  "stress-ng",
  "systemd",
  "util-linux",
  "zlib1g",
] as const;

// Kept small on purpose: nothing of the product is baked in, so a change of the tree never rebuilds this image.
export const guestSetup = `set -e
root="$1"
echo lab > "$root/etc/hostname"
printf '127.0.0.1 localhost lab\\n::1 localhost\\n' > "$root/etc/hosts"
: > "$root/etc/fstab"
mkdir -p "$root/usr/lib/modules" "$root/opt/node" "$root/opt/cloudtaser"
ln -sf /opt/node/node "$root/usr/local/bin/node"
printf '#!/bin/sh\\nexec node --max-semi-space-size=4 /opt/cloudtaser/dist/bin/cloudtaser.cjs "$@"\\n' > "$root/usr/local/bin/cloudtaser"
chmod 755 "$root/usr/local/bin/cloudtaser"
ln -sf /dev/null "$root/etc/systemd/system/serial-getty@.service"
ln -sf /dev/null "$root/etc/systemd/system/systemd-networkd-wait-online.service"
rm -rf "$root/var/cache/apt" "$root/var/lib/apt/lists"
`;

/** What is built here must run there, so the guest's C library may not be older than the host's. */
export function suiteForGlibc(version: string): string {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const number = major * 1000 + minor;
  if (number <= 2036) return "bookworm";
  return number <= 2041 ? "trixie" : "sid";
}

export function hostGlibc(): string {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime ?? "2.36";
}

/** The path of the root image; made first if the cache lacks it. */
export async function rootImage(extraPackages: readonly string[] = []): Promise<string> {
  const suite = suiteForGlibc(hostGlibc());
  const packages = [...guestPackages, ...extraPackages];
  const key = shortHash(suite, packages.join(" "), guestSetup);
  return join(await cached(`rootfs/${suite}-${key}`, (dir) => build(suite, packages, dir)), "root.img");
}

async function build(suite: string, packages: readonly string[], dir: string): Promise<void> {
  const lines = sourceLines(await debianArchive(), suite);
  say(
    `making the guest's root file system: Debian ${suite}, ${packages.length} packages and what they need (a minute or two)`,
  );
  const root = join(dir, "root");
  const asRoot = process.getuid?.() === 0;
  const target = asRoot ? root : join(dir, "root.tar");
  await runTool(
    [
      tool("mmdebstrap"),
      `--mode=${asRoot ? "root" : "unshare"}`,
      "--variant=minbase",
      "--architectures=amd64",
      `--keyring=${debianKeyring}`,
      `--include=${packages.join(",")}`,
      ...["doc", "man", "info", "locale"].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
      '--customize-hook=sh -c "$LAB_SETUP" sh "$1"',
      ...(await machineOptions()).map((option) => `--aptopt=${option}`),
      suite,
      target,
      ...lines,
    ],
    {
      env: { ...process.env, LAB_SETUP: guestSetup },
      progress: true,
      fix: "Check that the archive which apt uses here can be reached, then try again.",
    },
  );
  const image = imageCommand(root, join(dir, "root.img"), "root", 2048);
  if (asRoot) await runTool(image);
  else await imageAsUser(target, root, image);
  await Promise.all([rm(root, { recursive: true, force: true }), rm(join(dir, "root.tar"), { force: true })]);
}

// Files owned by other users can be unpacked without being root only inside a user namespace, so the image is made there.
async function imageAsUser(tar: string, root: string, image: readonly string[]): Promise<void> {
  await mkdir(root, { recursive: true });
  const script = `tar -xpf ${quote(tar)} -C ${quote(root)} --exclude=./dev/* && ${image.map(quote).join(" ")} && find ${quote(root)} -mindepth 1 -delete`;
  await runTool(["unshare", "--map-root-user", "--map-auto", "--mount", "sh", "-c", script]);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
