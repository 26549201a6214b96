// SPDX-License-Identifier: Apache-2.0
// Names of the system calls that an attack can come through, by the tables of x86_64 and arm64 and of their 32-bit programs.
// Only names: no rule reads them.

import { constants } from "node:os";

type Numbers = readonly [number | undefined, number?];

/** Each pair: the processor's own table, that of its 32-bit programs. */
export const syscallNumbers: Readonly<Record<string, Readonly<Record<"x64" | "arm64", Numbers>>>> = {
  read: { x64: [0, 3], arm64: [63, 3] },
  write: { x64: [1, 4], arm64: [64, 4] },
  open: { x64: [2, 5], arm64: [undefined, 5] },
  pread64: { x64: [17, 180], arm64: [67, 180] },
  pwrite64: { x64: [18, 181], arm64: [68, 181] },
  readv: { x64: [19, 145], arm64: [65, 145] },
  writev: { x64: [20, 146], arm64: [66, 146] },
  socket: { x64: [41, 359], arm64: [198, 281] },
  bind: { x64: [49, 361], arm64: [200, 282] },
  setsockopt: { x64: [54, 366], arm64: [208, 294] },
  clone: { x64: [56, 120], arm64: [220, 120] },
  fork: { x64: [57, 2], arm64: [undefined, 2] },
  vfork: { x64: [58, 190], arm64: [undefined, 190] },
  execve: { x64: [59, 11], arm64: [221, 11] },
  truncate: { x64: [76, 92], arm64: [45, 92] },
  ftruncate: { x64: [77, 93], arm64: [46, 93] },
  truncate64: { x64: [undefined, 193], arm64: [undefined, 193] },
  ftruncate64: { x64: [undefined, 194], arm64: [undefined, 194] },
  creat: { x64: [85, 8], arm64: [undefined, 8] },
  ptrace: { x64: [101, 26], arm64: [117, 26] },
  ioctl: { x64: [16, 54], arm64: [29, 54] },
  mount: { x64: [165, 21], arm64: [40, 21] },
  init_module: { x64: [175, 128], arm64: [105, 128] },
  delete_module: { x64: [176, 129], arm64: [106, 129] },
  kexec_load: { x64: [246, 283], arm64: [104, 347] },
  openat: { x64: [257, 295], arm64: [56, 322] },
  preadv: { x64: [295, 333], arm64: [69, 361] },
  perf_event_open: { x64: [298, 336], arm64: [241, 364] },
  open_by_handle_at: { x64: [304, 342], arm64: [265, 371] },
  setns: { x64: [308, 346], arm64: [268, 375] },
  process_vm_readv: { x64: [310, 347], arm64: [270, 376] },
  process_vm_writev: { x64: [311, 348], arm64: [271, 377] },
  kcmp: { x64: [312, 349], arm64: [272, 378] },
  finit_module: { x64: [313, 350], arm64: [273, 379] },
  kexec_file_load: { x64: [320], arm64: [294] },
  bpf: { x64: [321, 357], arm64: [280, 386] },
  execveat: { x64: [322, 358], arm64: [281, 387] },
  preadv2: { x64: [327, 378], arm64: [286, 392] },
  io_uring_setup: { x64: [425, 425], arm64: [425, 425] },
  io_uring_enter: { x64: [426, 426], arm64: [426, 426] },
  clone3: { x64: [435, 435], arm64: [435, 435] },
  openat2: { x64: [437, 437], arm64: [437, 437] },
  pidfd_getfd: { x64: [438, 438], arm64: [438, 438] },
  process_madvise: { x64: [440, 440], arm64: [440, 440] },
};

const native = new Map<number, string>();
const compat = new Map<number, string>();
// On a processor that is neither, a number stands for itself.
const { arch } = process;
if (arch === "x64" || arch === "arm64") {
  for (const [name, of] of Object.entries(syscallNumbers)) {
    const [wide, narrow] = of[arch];
    if (wide !== undefined) native.set(wide, name);
    if (narrow !== undefined) compat.set(narrow, name);
  }
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
