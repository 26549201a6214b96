// SPDX-License-Identifier: Apache-2.0
// Everything that must exist before QEMU starts, fetched or built where the cache lacks it.

import { existsSync } from "node:fs";
import type { LabArch } from "./arch.js";
import { LabError } from "./error.js";
import { foreignRootImage } from "./foreign-rootfs.js";
import { initramfs } from "./initramfs.js";
import { resolveKernel } from "./kernel.js";
import { guestNode } from "./node.js";
import { packagesImage, productImage } from "./product.js";
import type { Machine } from "./qemu.js";
import { requireTools } from "./requirements.js";
import { rootImage } from "./rootfs.js";

export interface GuestOptions {
  /** One of labKernels, or the path of a vmlinuz. */
  kernel: string;
  /** Its processor; "amd64" if not given. */
  arch?: LabArch;
  /** Appended to the kernel's command line. */
  cmdline?: string;
  /** Host files or folders to copy in after the boot; `to` is the full path that each gets. */
  copy?: readonly { from: string; to: string }[];
  /** Processors; 2 if not given. */
  smp?: number;
  /** As QEMU takes it; "2G" if not given. */
  memory?: string;
  /** The guest's clock counts instructions (1 ns each), on one processor. */
  icount?: boolean;
  /** Emulate all processors in one thread ("single", the default) or one thread each. Only "single" is safe while programs are
   *  attached to code that other processors run. */
  tcg?: "single" | "multi";
  /** How long the boot may take; 300 if not given. */
  timeoutSeconds?: number;
  /** true (the default): the built product must be in the tree. false: what is built is taken along, the rest is noted. */
  product?: boolean;
  /** Boot systemd as pid 1; otherwise the lab's agent is pid 1. */
  systemd?: boolean;
  /** Debian packages that its root file system has besides the usual ones; each list makes an image of its own. */
  packages?: readonly string[];
  /** A root shell on the serial console; the guest ends with it. */
  shell?: boolean;
  onConsole?: (text: string) => void;
}

export async function prepareMachine(options: GuestOptions, folder: string, agentSocket: string): Promise<Machine> {
  const arch = options.arch ?? "amd64";
  requireTools(arch);
  requireFiles(options.copy ?? []);
  const kernel = await resolveKernel(options.kernel, arch);
  const node = await guestNode(arch);
  const product = options.product ?? true;
  return {
    arch,
    kernel,
    initramfs: await initramfs(kernel, arch),
    rootImage:
      arch === "amd64"
        ? await rootImage([...node.packages, ...(options.packages ?? [])])
        : await foreignRootImage(arch, options.packages ?? []),
    disks: {
      modules: kernel.modulesImage,
      node: node.image,
      product: await productImage(folder, product, arch),
      packages: await packagesImage(product),
    },
    agentSocket,
    cmdline: options.cmdline ?? "",
    smp: options.smp ?? 2,
    memory: options.memory ?? "2G",
    icount: options.icount ?? false,
    tcg: options.tcg ?? "single",
    shell: options.shell ?? false,
    systemd: options.systemd ?? false,
  };
}

/** Before the boot, because a mistyped path should not cost one. */
function requireFiles(copy: readonly { from: string }[]): void {
  const absent = copy.find(({ from }) => !existsSync(from));
  if (absent === undefined) return;
  throw new LabError({
    code: "LAB_USAGE",
    about: absent.from,
    cause: "there is no such file to copy into the guest",
    fix: "Give the path of a file or folder that exists here.",
  });
}
