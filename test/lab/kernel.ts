// SPDX-License-Identifier: Apache-2.0
// From "6.12" or a path to what QEMU boots: a kernel image and a disk image with its modules. Named kernels are the
// distribution's own cloud kernels, fetched from the suite that carries them.

import { existsSync } from "node:fs";
import { cp, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type PackageRecord, PrivateApt } from "./apt.js";
import type { LabArch } from "./arch.js";
import { cached, shortHash } from "./cache.js";
import { makeImage } from "./disk.js";
import { LabError } from "./error.js";
import { runTool, say } from "./host.js";
import { tool } from "./requirements.js";

export const labKernels = ["5.10", "6.1", "6.12", "7.2"] as const;
export type LabKernelName = (typeof labKernels)[number];

const suites: Record<LabKernelName, string> = { "5.10": "bullseye", "6.1": "bookworm", "6.12": "trixie", "7.2": "sid" };

export interface Kernel {
  /** As it was asked for. */
  name: string;
  /** What uname -r says. */
  release: string;
  vmlinuz: string;
  /** The modules folder of this release, with depmod's files. */
  modules: string;
  /** A disk image of it, to be mounted at /lib/modules. */
  modulesImage: string;
}

/** Fetches and unpacks the kernel if the cache lacks it. */
export async function resolveKernel(name: string, arch: LabArch = "amd64"): Promise<Kernel> {
  const known = labKernels.find((kernel) => kernel === name);
  if (known !== undefined) {
    const entry = `kernels/${name}${arch === "amd64" ? "" : `-${arch}`}`;
    return describe(name, await cached(entry, (dir) => fetchKernel(known, arch, dir)));
  }
  const path = resolve(name);
  if (!existsSync(path) || (await stat(path)).isDirectory()) {
    throw new LabError({
      code: "LAB_KERNEL_UNKNOWN",
      about: `kernel "${name}"`,
      cause: "it is neither a known version nor the path of a kernel image",
      fix: `Give one of ${labKernels.join(", ")}, or the path of a vmlinuz.`,
    });
  }
  return resolvePath(await realpath(path));
}

async function fetchKernel(name: LabKernelName, arch: LabArch, dir: string): Promise<void> {
  const suite = suites[name];
  const apt = await PrivateApt.open(join(dir, "apt"), suite, arch);
  const packages = await kernelPackages(apt, arch);
  const image = packages[0];
  if (image === undefined) {
    throw new LabError({
      code: "LAB_KERNEL_UNKNOWN",
      about: `kernel ${name}`,
      cause: `Debian ${suite} has no cloud kernel`,
      fix: "Pass the path of a vmlinuz instead.",
    });
  }
  if (!image.version.startsWith(`${name}.`)) {
    say(`note: Debian ${suite} has moved on from ${name}; using its present cloud kernel ${image.version}`);
  }
  const tree = join(dir, "unpacked");
  for (const file of await apt.download(packages, join(dir, "debs")))
    await runTool([tool("dpkg-deb"), "-x", file, tree]);
  await adopt(tree, dir, `${image.name} ${image.version}`);
  await Promise.all(["apt", "debs", "unpacked"].map((sub) => rm(join(dir, sub), { recursive: true, force: true })));
}

/** The package with the image and those it needs that are built from the same kernel, found from the meta package. */
async function kernelPackages(apt: PrivateApt, arch: LabArch): Promise<PackageRecord[]> {
  const found: PackageRecord[] = [];
  const parts = new RegExp(`linux-(image|binary|modules|base)-\\S*cloud-${arch}`, "g");
  const follow = async (depends: string): Promise<void> => {
    for (const name of depends.match(parts) ?? []) {
      if (found.some((item) => item.name === name)) continue;
      const record = await apt.show(name);
      if (record === undefined) continue;
      found.push(record);
      await follow(record.depends);
    }
  };
  await follow((await apt.show(`linux-image-cloud-${arch}`))?.depends ?? "");
  return found;
}

async function adopt(tree: string, dir: string, origin: string): Promise<void> {
  // Packages of one kernel may differ in which of the two they use, and their parts belong together.
  const roots = [join(tree, "lib/modules"), join(tree, "usr/lib/modules")].filter((path) => existsSync(path));
  const release = (await Promise.all(roots.map((root) => readdir(root)))).flat()[0];
  if (release === undefined) throw incomplete(origin, "the package holds no modules");
  const parts = roots.map((root) => join(root, release)).filter((path) => existsSync(path));
  const images = [join(tree, "boot", `vmlinuz-${release}`), ...parts.map((part) => join(part, "vmlinuz"))];
  const vmlinuz = images.find((path) => existsSync(path));
  if (vmlinuz === undefined) throw incomplete(origin, "the package holds no vmlinuz");
  await rename(vmlinuz, join(dir, "vmlinuz"));
  const target = join(dir, "root/lib/modules", release);
  for (const part of parts) await cp(part, target, { recursive: true, verbatimSymlinks: true });
  await finish(dir, release, origin);
}

async function finish(dir: string, release: string, origin: string): Promise<void> {
  const modules = join(dir, "root/lib/modules", release);
  // These links lead to headers that are not here.
  await Promise.all(["build", "source"].map((name) => rm(join(modules, name), { force: true })));
  await runTool([tool("depmod"), "-b", join(dir, "root"), release]);
  await makeImage(join(dir, "root/lib/modules"), join(dir, "modules.img"), "modules");
  await writeFile(join(dir, "kernel.json"), `${JSON.stringify({ release, origin })}\n`);
}

async function describe(name: string, dir: string): Promise<Kernel> {
  const { release } = JSON.parse(await readFile(join(dir, "kernel.json"), "utf8")) as { release: string };
  const modules = join(dir, "root/lib/modules", release);
  return { name, release, vmlinuz: join(dir, "vmlinuz"), modules, modulesImage: join(dir, "modules.img") };
}

async function resolvePath(path: string): Promise<Kernel> {
  const release = await releaseOf(path);
  const top = dirname(path);
  const places = [
    join(top, "modules", release),
    join(top, "modules"),
    join(top, "lib/modules", release),
    join(top, "..", "lib/modules", release),
    join(top),
    join("/lib/modules", release),
  ];
  const modules = places.find((place) => existsSync(join(place, "modules.builtin")));
  if (modules === undefined) {
    throw incomplete(path, `no modules of ${release} were found beside it (looked in ${places.join(", ")})`);
  }
  const { mtimeMs, size } = await stat(path);
  const order = await stat(join(modules, "modules.builtin"));
  const key = shortHash(path, String(mtimeMs), String(size), modules, String(order.mtimeMs));
  const dir = await cached(`kernels/${basename(release)}-${key}`, async (unfinished) => {
    await mkdir(join(unfinished, "root/lib/modules"), { recursive: true });
    await cp(path, join(unfinished, "vmlinuz"));
    await cp(modules, join(unfinished, "root/lib/modules", release), { recursive: true, verbatimSymlinks: true });
    await finish(unfinished, release, path);
  });
  return describe(path, dir);
}

/** The release string inside a bzImage: the x86 boot header holds its offset. */
async function releaseOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(0x8000);
    await file.read(head, 0, head.length, 0);
    if (head.toString("latin1", 0x202, 0x206) !== "HdrS") throw incomplete(path, "it is not an x86 bzImage");
    const start = head.readUInt16LE(0x20e) + 0x200;
    return head.toString("latin1", start, head.indexOf(0, start)).split(" ")[0] ?? "";
  } finally {
    await file.close();
  }
}

function incomplete(about: string, cause: string): LabError {
  return new LabError({
    code: "LAB_KERNEL_INCOMPLETE",
    about,
    cause,
    fix: "A kernel needs its vmlinuz and, beside it or below /lib/modules, the modules folder of the same release.",
  });
}
