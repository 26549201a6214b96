// SPDX-License-Identifier: Apache-2.0
// What attacks on the machine aim at: drivers that are modules, active swap on a block device, control groups for the
// agent, and the one program that may send it signals.
import { allowedKill, type Field } from "./field.js";

const script = (modules: readonly string[]): string => `
  set -e
  for module in ${modules.join(" ")}; do modprobe $module; done
  dd if=/dev/zero of=/var/tmp/swap bs=1M count=8 status=none
  chmod 600 /var/tmp/swap
  mkswap -q /var/tmp/swap
  cp /usr/bin/kill ${allowedKill}
  mkdir -p /sys/fs/cgroup/cloudtaser/a /sys/fs/cgroup/cloudtaser/b
  echo "+memory +cpu +cpuset +pids" > /sys/fs/cgroup/cgroup.subtree_control
  swapon "$(losetup -f --show /var/tmp/swap)"`;

export async function prepareMachine(field: Field, modules = ["msr", "vfio", "uio", "loop"]): Promise<void> {
  const { status, stderr } = await field.sh(script(modules));
  if (status !== 0) throw new Error(`the machine cannot be prepared: ${stderr}`);
}
