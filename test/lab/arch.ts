// SPDX-License-Identifier: Apache-2.0
// The processors that a guest can have, by Debian's names, and what the lab must know of each. Programs for a foreign one are
// cross-compiled; nothing of it is run outside a guest.

export const labArches = ["amd64", "arm64"] as const;
export type LabArch = (typeof labArches)[number];

export interface ArchFacts {
  qemu: "qemu-system-x86_64" | "qemu-system-aarch64";
  /** The machine and its processor, besides how many of them. */
  machine: readonly string[];
  /** The processor when instructions are counted. */
  countedCpu: string;
  cpu: string;
  console: string;
  compiler: "gcc" | "aarch64-linux-gnu-gcc";
  /** Where what was built for it lies, below the tree. */
  build: string;
  command: string;
}

export const archFacts: Readonly<Record<LabArch, ArchFacts>> = {
  amd64: {
    qemu: "qemu-system-x86_64",
    machine: ["-machine", "q35"],
    // 6.12 does not get through its boot with "max" when instructions are counted.
    countedCpu: "Haswell-v4",
    // String instructions are emulated step by step: without these two flags kernel and library copy eight bytes in each.
    cpu: "max,-erms,-fsrm",
    console: "ttyS0",
    compiler: "gcc",
    build: "build",
    command: "dist/bin",
  },
  arm64: {
    qemu: "qemu-system-aarch64",
    machine: ["-machine", "virt,gic-version=3"],
    // No signed pointers, whose emulation takes most of a processor that has them; 32-bit programs run.
    countedCpu: "cortex-a72",
    cpu: "cortex-a72",
    console: "ttyAMA0",
    compiler: "aarch64-linux-gnu-gcc",
    build: "build/arm64",
    command: "build/arm64/dist/bin",
  },
};
