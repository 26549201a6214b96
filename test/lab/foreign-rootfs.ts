// SPDX-License-Identifier: Apache-2.0
// The root file system of a guest with another processor: packages are unpacked and none of their programs is run here, so
// what their scripts would have made is made below.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { debianArchive, machineOptions, sourceLines } from "./apt.js";
import type { LabArch } from "./arch.js";
import { cached, shortHash } from "./cache.js";
import { suite } from "./debian.js";
import { imageCommand } from "./disk.js";
import { runTool, say } from "./host.js";
import { debianKeyring, tool } from "./requirements.js";
import { guestSetup } from "./rootfs.js";

export const foreignPackages = [
  "base-files",
  "bash",
  "bpftool",
  "busybox-static",
  "coreutils",
  "dash",
  "findutils",
  "grep",
  "iproute2",
  "kmod",
  "libatomic1",
  "libbpf1",
  "libelf1",
  "libstdc++6",
  "mount",
  "procps",
  "sed",
  "strace",
  "tar",
  "util-linux",
  "zlib1g",
] as const;

const setup = `mkdir -p "$1/usr/local/bin" "$1/etc/systemd/system" "$1/mnt"
${guestSetup}
printf 'root:x:0:0:root:/root:/bin/bash\\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\\n' > "$root/etc/passwd"
printf 'root:x:0:\\ntty:x:5:\\nnogroup:x:65534:\\n' > "$root/etc/group"
ln -sf /usr/bin/busybox "$root/usr/local/bin/awk"
`;

/** The path of the image; made first if the cache lacks it. */
export async function foreignRootImage(arch: LabArch, extraPackages: readonly string[]): Promise<string> {
  const packages = [...foreignPackages, ...extraPackages];
  const key = shortHash(suite, packages.join(" "), setup);
  return join(await cached(`rootfs/${suite}-${arch}-${key}`, (dir) => build(arch, packages, dir)), "root.img");
}

async function build(arch: LabArch, packages: readonly string[], dir: string): Promise<void> {
  say(
    `making the guest's root file system: Debian ${suite} for ${arch}, ${packages.length} packages and what they need`,
  );
  const root = join(dir, "root");
  const make = [
    tool("mmdebstrap"),
    "--mode=root",
    "--variant=extract",
    // Unpacking needs no emulator of the processor.
    "--skip=check/qemu",
    `--architectures=${arch}`,
    `--keyring=${debianKeyring}`,
    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
    `--include=${packages.join(",")}`,
    ...["doc", "man", "info", "locale"].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    ...(await machineOptions()).map((option) => `--aptopt=${option}`),
    suite,
    root,
    ...sourceLines(await debianArchive(), suite),
  ];
  // Owners other than oneself can be made, without being root, only in a user namespace.
  const asRoot = process.getuid?.() === 0;
  const script = 'make=$1; shift; sh -c "$LAB_SETUP" sh "$make" && exec "$@"';
  const finish = ["sh", "-c", script, "sh", root, ...imageCommand(root, join(dir, "root.img"), "root", 1024)];
  const env = { ...process.env, LAB_SETUP: setup };
  const inside: [string, ...string[]] = asRoot ? ["env"] : ["unshare", "--map-root-user", "--map-auto", "--mount"];
  await runTool([...inside, ...make], {
    progress: true,
    fix: "Check that the archive which apt uses here can be reached, then try again.",
  });
  await runTool([...inside, ...finish], { env });
  await runTool([...inside, "rm", "-rf", root]);
  await rm(root, { recursive: true, force: true });
}
