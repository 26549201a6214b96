// SPDX-License-Identifier: Apache-2.0
// Names of the system calls that an attack can come through, for x86_64 and for 32-bit calls. Only names: no rule reads them.

import { constants } from "node:os";

/** name: [x86_64, i386] */
const numbers: Readonly<Record<string, readonly [number, number?]>> = {
  read: [0, 3],
  write: [1, 4],
  open: [2, 5],
  pread64: [17, 180],
  pwrite64: [18, 181],
  readv: [19, 145],
  writev: [20, 146],
  socket: [41, 359],
  bind: [49, 361],
  setsockopt: [54, 366],
  clone: [56, 120],
  fork: [57, 2],
  vfork: [58, 190],
  execve: [59, 11],
  creat: [85, 8],
  ptrace: [101, 26],
  ioctl: [16, 54],
  mount: [165, 21],
  init_module: [175, 128],
  delete_module: [176, 129],
  kexec_load: [246, 283],
  openat: [257, 295],
  preadv: [295, 333],
  perf_event_open: [298, 336],
  open_by_handle_at: [304, 342],
  setns: [308, 346],
  process_vm_readv: [310, 347],
  process_vm_writev: [311, 348],
  kcmp: [312, 349],
  finit_module: [313, 350],
  kexec_file_load: [320],
  bpf: [321, 357],
  execveat: [322, 358],
  preadv2: [327, 378],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  clone3: [435, 435],
  openat2: [437, 437],
  pidfd_getfd: [438, 438],
  process_madvise: [440, 440],
};

const native = new Map<number, string>();
const compat = new Map<number, string>();
for (const [name, [wide, narrow]] of Object.entries(numbers)) {
  // Other machines number their calls otherwise; there the number stands for itself.
  if (process.arch === "x64") native.set(wide, name);
  if (narrow !== undefined) compat.set(narrow, name);
}

const errnos = new Map<number, string>();
for (const [name, number] of Object.entries(constants.errno)) if (!errnos.has(number)) errnos.set(number, name);

/** "ptrace", or "syscall_N" for those not in the list. */
export function syscallName(number: number, isCompat: boolean): string {
  return (isCompat ? compat : native).get(number) ?? `syscall_${number}`;
}

/** error: negative errno as the kernel returns it, 0 for none. */
export function errnoName(error: number): string | null {
  if (error === 0) return null;
  return errnos.get(Math.abs(error)) ?? `errno_${Math.abs(error)}`;
}
