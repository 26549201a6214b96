// SPDX-License-Identifier: Apache-2.0
// The pure parts that decide what a guest boots: module order, disks, QEMU's arguments, the file system's suite.

import { describe, expect, it } from "vitest";
import { cacheRoot, shortHash } from "../lab/cache.js";
import { loadOrder, moduleName, parseModuleTree } from "../lab/modules.js";
import { foreignLibraries } from "../lab/node.js";
import { runtimePackages } from "../lab/product.js";
import { bootLine, type Machine, qemuArguments } from "../lab/qemu.js";
import { suiteForGlibc } from "../lab/rootfs.js";

const dep = `kernel/fs/ext4/ext4.ko.xz: kernel/lib/crc16.ko.xz kernel/fs/mbcache.ko.xz kernel/fs/jbd2/jbd2.ko.xz
kernel/fs/jbd2/jbd2.ko.xz: kernel/lib/crc16.ko.xz
kernel/fs/mbcache.ko.xz:
kernel/lib/crc16.ko.xz:
kernel/crypto/crc32c-generic.ko.xz:
`;

describe("modules", () => {
  const tree = parseModuleTree(dep, "kernel/drivers/virtio/virtio_pci.ko\n");

  it("loads what is needed first, each file once", () => {
    const { files, absent } = loadOrder(tree, ["virtio_pci", "crc32c_generic", "ext4"]);
    expect(absent).toEqual([]);
    expect(files).toHaveLength(5);
    expect(files.indexOf("kernel/fs/jbd2/jbd2.ko.xz")).toBeLessThan(files.indexOf("kernel/fs/ext4/ext4.ko.xz"));
    expect(files.indexOf("kernel/lib/crc16.ko.xz")).toBeLessThan(files.indexOf("kernel/fs/jbd2/jbd2.ko.xz"));
  });

  it("tells a built-in driver from one that does not exist", () => {
    expect(loadOrder(tree, ["virtio_pci", "virtio_blk"])).toEqual({ files: [], absent: ["virtio_blk"] });
  });

  it("knows a module by its kernel name", () => {
    expect(moduleName("kernel/crypto/crc32c-generic.ko.xz")).toBe("crc32c_generic");
    expect(moduleName("kernel/lib/crc16.ko")).toBe("crc16");
  });
});

describe("machine", () => {
  const machine: Machine = {
    arch: "amd64" as const,
    kernel: { name: "6.12", release: "6.12.1", vmlinuz: "/c/vmlinuz", modules: "/c/m", modulesImage: "/c/m.img" },
    initramfs: "/c/initramfs",
    rootImage: "/c/a,b/root.img",
    disks: { modules: "/c/m.img", node: undefined, product: "/t/product.img", packages: undefined },
    agentSocket: "/t/agent",
    cmdline: "lsm=capability,bpf",
    smp: 4,
    memory: "1G",
    icount: false,
    tcg: "single",
    shell: false,
    systemd: false,
  };
  const line = (changes: Partial<Machine> = {}): string => qemuArguments({ ...machine, ...changes }).join(" ");

  it("never writes to an image that guests share", () => {
    const drives = qemuArguments(machine).filter((word) => word.startsWith("if=none"));
    expect(drives).toHaveLength(3);
    for (const drive of drives) expect(drive).toMatch(/,(readonly=on|snapshot=on.*)$/);
  });

  it("doubles commas in file names, as QEMU wants it", () => {
    expect(line()).toContain("file=/c/a,,b/root.img,");
  });

  it("emulates all processors in one thread unless told otherwise", () => {
    expect(line()).toContain("-accel tcg,thread=single -cpu max,-erms,-fsrm -smp 4");
    expect(line({ tcg: "multi" })).toContain("tcg,thread=multi");
  });

  it("counts instructions on one processor", () => {
    expect(line({ icount: true })).toContain("-cpu Haswell-v4 -smp 1 -m 1G -icount shift=0,sleep=off");
  });

  it("appends the caller's words to the kernel's command line", () => {
    expect(bootLine(machine)).toMatch(/ lsm=capability,bpf$/);
    expect(bootLine({ arch: "amd64", cmdline: "", shell: true, systemd: false })).toMatch(/ lab\.shell$/);
  });
});

describe("what goes into the guest", () => {
  it("picks a suite whose C library is not older than the host's", () => {
    expect(["2.31", "2.36", "2.39", "2.41", "2.42"].map(suiteForGlibc)).toEqual([
      ...["bookworm", "bookworm", "trixie", "trixie", "sid"],
    ]);
  });

  it("takes run-time packages and leaves those for development", () => {
    const packages = {
      "": {},
      "node_modules/a": {},
      "node_modules/b": { dev: true },
      "node_modules/a/node_modules/c": {},
    };
    expect(runtimePackages(JSON.stringify({ packages }))).toEqual(["node_modules/a", "node_modules/a/node_modules/c"]);
  });

  it("sees which libraries of node the guest would lack", () => {
    const plain = "\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/libc.so.6 (0x2)\n\t/lib64/ld-linux-x86-64.so.2 (0x3)\n";
    expect(foreignLibraries(plain)).toEqual([]);
    expect(foreignLibraries(`${plain}\tlibnode.so.115 => /lib/libnode.so.115 (0x4)\n`)).toEqual(["libnode.so.115"]);
  });

  it("keeps its cache where the user says", () => {
    expect(cacheRoot({ CLOUDTASER_CACHE: "/x", XDG_CACHE_HOME: "/y" })).toBe("/x");
    expect(cacheRoot({ XDG_CACHE_HOME: "/y" })).toBe("/y/cloudtaser");
    expect(cacheRoot({})).toMatch(/\/\.cache\/cloudtaser$/);
  });

  it("does not mix up parts of a cache key", () => {
    expect(shortHash("ab", "c")).not.toBe(shortHash("a", "bc"));
  });
});
