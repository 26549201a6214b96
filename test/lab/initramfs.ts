// SPDX-License-Identifier: Apache-2.0
// A small initramfs per kernel: busybox, the disk and console drivers that this kernel has as modules, our init and
// the agent. It is not compressed, because unpacking in an emulated machine costs more than reading.

import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { archFacts, type LabArch } from "./arch.js";
import { cached, shortHash } from "./cache.js";
import { unpackedPackages } from "./debian.js";
import { labFile, runTool, say } from "./host.js";
import type { Kernel } from "./kernel.js";
import { loadOrder, parseModuleTree } from "./modules.js";
import { tool } from "./requirements.js";

// crc32c_generic is asked for by ext4 only at run time, so depmod does not list it. Absent names are normal: newer
// kernels build some of these in, or fold one into another.
const wantedModules = ["virtio_pci", "virtio_blk", "virtio_console", "crc32c_generic", "ext4"];

const applets = [
  "sh",
  "mount",
  "insmod",
  "cat",
  "basename",
  "dirname",
  "sleep",
  "mkdir",
  "cp",
  "switch_root",
  "poweroff",
  "ls",
];

export async function initramfs(kernel: Kernel, arch: LabArch = "amd64"): Promise<string> {
  const init = await readFile(labFile("guest-init.sh"));
  const agent = await agentBinary(arch);
  const tree = parseModuleTree(
    await readFile(join(kernel.modules, "modules.dep"), "utf8"),
    await readFile(join(kernel.modules, "modules.builtin"), "utf8"),
  );
  const order = loadOrder(tree, wantedModules).files;
  const key = shortHash(kernel.modules, init, agent, applets.join(), order.join());
  const dir = await cached(`initramfs/${kernel.release}-${key}`, async (unfinished) => {
    const root = join(unfinished, "root");
    for (const sub of ["bin", "modules", "lab", "proc", "sys", "dev", "root"])
      await mkdir(join(root, sub), { recursive: true });
    await copyFile(await busybox(arch), join(root, "bin/busybox"));
    for (const applet of applets) await symlink("busybox", join(root, "bin", applet));
    for (const place of ["init", "lab/init"]) await writeFile(join(root, place), init, { mode: 0o755 });
    await copyFile(agent, join(root, "lab/agent"));
    const names: string[] = [];
    for (const file of order) names.push(await unpackModule(join(kernel.modules, file), join(root, "modules")));
    await writeFile(join(root, "modules/order"), names.map((name) => `${name}\n`).join(""));
    const archive = join(unfinished, "initramfs.cpio");
    await runTool([
      "sh",
      "-c",
      'cd "$1" && find . | "$2" -o -H newc --quiet -R 0:0 > "$3"',
      "sh",
      root,
      tool("cpio"),
      archive,
    ]);
  });
  return join(dir, "initramfs.cpio");
}

/** Puts one module, decompressed, into the folder and returns its name there. */
async function unpackModule(file: string, folder: string): Promise<string> {
  const name = basename(file).replace(/\.(xz|zst|gz)$/, "");
  const target = join(folder, name);
  const unpackers = { ".xz": [tool("xz")], ".zst": [tool("zstd"), "-q"], ".gz": ["gzip"] };
  const suffix = Object.entries(unpackers).find(([ending]) => file.endsWith(ending));
  if (suffix === undefined) await copyFile(file, target);
  else
    await runTool([
      "sh",
      "-c",
      'in="$1"; out="$2"; shift 2; "$@" -dc "$in" > "$out"',
      "sh",
      file,
      target,
      ...suffix[1],
    ]);
  return name;
}

async function busybox(arch: LabArch): Promise<string> {
  if (arch === "amd64") return tool("busybox");
  return join(await unpackedPackages("busybox", ["busybox-static"], arch), "bin/busybox");
}

async function agentBinary(arch: LabArch): Promise<string> {
  const sources = ["guest-agent.c", "guest-command.c"].map(labFile);
  const texts = await Promise.all([...sources, labFile("guest-agent.h")].map((file) => readFile(file)));
  const dir = await cached(`agent/${shortHash(archFacts[arch].compiler, ...texts)}`, async (unfinished) => {
    say("compiling the guest's agent");
    await runTool([tool(archFacts[arch].compiler), "-O2", "-static", "-o", join(unfinished, "agent"), ...sources], {
      fix:
        arch === "amd64"
          ? "A static C program must link here: apt-get install gcc libc6-dev"
          : "A static C program must link here: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
    });
  });
  return join(dir, "agent");
}
