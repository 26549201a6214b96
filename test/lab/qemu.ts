// SPDX-License-Identifier: Apache-2.0
// The QEMU command line: emulation only, no network, disks that a guest cannot change for the next one.

import { archFacts, type LabArch } from "./arch.js";
import type { Kernel } from "./kernel.js";

export interface Machine {
  arch: LabArch;
  kernel: Kernel;
  initramfs: string;
  rootImage: string;
  /** Read-only images that guest-init.sh mounts by these names. */
  disks: Readonly<Record<"modules" | "node" | "product" | "packages", string | undefined>>;
  /** The unix socket on which the host waits for the guest's agent. */
  agentSocket: string;
  /** Appended to the kernel's command line. */
  cmdline: string;
  smp: number;
  /** As QEMU takes it: "2G". */
  memory: string;
  icount: boolean;
  tcg: "single" | "multi";
  shell: boolean;
  systemd: boolean;
}

export function qemuArguments(machine: Machine): string[] {
  const facts = archFacts[machine.arch];
  const cpu = machine.icount ? facts.countedCpu : facts.cpu;
  const accel = machine.icount ? ["tcg"] : [`tcg,thread=${machine.tcg}`];
  return [
    ...[...facts.machine, "-accel", ...accel, "-cpu", cpu],
    ...["-smp", String(machine.icount ? 1 : machine.smp), "-m", machine.memory],
    ...(machine.icount ? ["-icount", "shift=0,sleep=off"] : []),
    // A panic reboots at once (panic=-1) and a reboot ends QEMU, so a dead guest is noticed without waiting.
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-nic", "none"],
    ...["-kernel", machine.kernel.vmlinuz, "-initrd", machine.initramfs, "-append", bootLine(machine)],
    ...["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"],
    ...["-device", "virtio-serial", "-chardev", `socket,id=agent,path=${machine.agentSocket}`],
    ...["-device", "virtserialport,chardev=agent,name=agent"],
    ...disk("root", machine.rootImage, "snapshot=on,cache=unsafe"),
    ...Object.entries(machine.disks).flatMap(([name, file]) =>
      file === undefined ? [] : disk(name, file, "readonly=on"),
    ),
  ];
}

export function bootLine(machine: Pick<Machine, "arch" | "cmdline" | "shell" | "systemd">): string {
  const words = [`console=${archFacts[machine.arch].console}`, "panic=-1", "loglevel=4"];
  // At boot the kernel counts ticks against its own speed, and panics on a host that leaves the guest waiting meanwhile.
  if (machine.arch === "amd64") words.push("no_timer_check");
  if (machine.shell) words.push("lab.shell");
  if (machine.systemd) words.push("lab.systemd");
  if (machine.cmdline) words.push(machine.cmdline);
  return words.join(" ");
}

function disk(name: string, file: string, options: string): string[] {
  // QEMU's option syntax doubles a comma that is meant.
  const path = file.replaceAll(",", ",,");
  return [
    ...["-drive", `if=none,id=${name},file=${path},format=raw,${options}`],
    ...["-device", `virtio-blk-pci,drive=${name},serial=${name}`],
  ];
}
