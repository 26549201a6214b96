// SPDX-License-Identifier: Apache-2.0

// Generated from the BTF of bpf/abi.bpf.c by `make generate`. Do not edit.

function readText(buffer: Buffer, at: number, size: number): string {
  let end = at;
  while (end < at + size && buffer[end] !== 0) end++;
  return end === at ? "" : buffer.toString("utf8", at, end);
}

let viewed: Buffer | undefined;
let view: DataView = new DataView(new ArrayBuffer(0));
/** For 64-bit numbers, of which a Buffer makes three to read one. */
function viewOf(buffer: Buffer): DataView {
  if (buffer !== viewed) {
    view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    viewed = buffer;
  }
  return view;
}

/** enum ct_allow_kind */
export const AllowKind = {
  exe: 1,
  cgroup: 2,
  uid: 4,
  cgroup_named: 8,
} as const;

/** enum ct_census_op */
export const CensusOp = {
  list: 0,
  add: 1,
  cgroups: 3,
  remove: 2,
} as const;

/** enum ct_door */
export const Door = {
  none: 0,
  file_open: 1,
  ptrace_access_check: 2,
  kernel_read_file: 3,
  kernel_load_data: 4,
  kernel_module_request: 5,
  bpf: 6,
  task_alloc: 7,
  task_free: 8,
  bprm_check_security: 9,
  locked_down: 22,
  capable: 17,
  perf_event_alloc: 18,
  ptrace_traceme: 19,
  file_permission: 10,
  file_ioctl: 12,
  inode_follow_link: 13,
  task_kill: 14,
  file_send_sigiotask: 15,
  task_setrlimit: 16,
  task_setscheduler: 30,
  task_setnice: 31,
  task_setioprio: 32,
  mmap_file: 11,
  bpf_map: 20,
  bpf_prog: 21,
  sb_umount: 24,
  sb_mount: 25,
  move_mount: 26,
  inode_unlink: 27,
  inode_rename: 28,
  inode_rmdir: 29,
  inode_link: 40,
  path_chmod: 41,
  socket_sendmsg: 42,
  socket_connect: 43,
  inode_init_security_anon: 44,
  shm_shmat: 45,
  file_mprotect: 46,
  inode_create: 52,
  inode_mkdir: 53,
  inode_mknod: 54,
  inode_symlink: 55,
  inode_setxattr: 56,
  task_prctl: 57,
  msg_msg_alloc_security: 58,
  key_permission: 59,
  task_newtask: 60,
  cgroup_attach_task: 61,
  inode_setattr: 62,
  max: 64,
} as const;

/** enum ct_event_flag */
export const EventFlag = {
  kill_wanted: 1,
  killed: 2,
  compat: 4,
  io_worker: 8,
  has_target: 16,
  late: 32,
} as const;

/** enum ct_leak_beyond */
export const LeakBeyond = {
  edges: 0,
  refuse: 1,
} as const;

/** enum ct_leak_encoding */
export const LeakEncoding = {
  plain: 0,
  base64: 1,
  base64url: 2,
  hex: 3,
  hex_upper: 4,
  percent: 5,
  json: 6,
  shell: 7,
} as const;

/** enum ct_leak_place */
export const LeakPlace = {
  none: 0,
  start: 1,
  first_64: 2,
  first_4096: 3,
  later: 4,
} as const;

/** enum ct_leak_reason */
export const LeakReason = {
  match: 0,
  unreadable: 1,
  beyond: 2,
  unknown: 3,
  busy: 4,
} as const;

/** enum ct_leak_sink */
export const LeakSink = {
  none: 0,
  file: 1,
  pipe: 2,
  device: 3,
  internet: 4,
  unix: 5,
  socket: 6,
  arguments: 7,
  name: 8,
  link: 9,
  xattr: 10,
  process_name: 11,
  message: 12,
  key: 13,
  keyboard: 14,
} as const;

/** enum ct_leak_unscanned */
export const LeakUnscanned = {
  refuse: 0,
  report: 1,
} as const;

/** enum ct_limit_road */
export const LimitRoad = {
  prlimit: 1,
  filter: 2,
} as const;

/** enum ct_loss */
export const Loss = {
  ring_full: 0,
  scope_full: 1,
  kill_failed: 2,
  share_full: 3,
  max: 8,
} as const;

/** enum ct_machine_road */
export const MachineRoad = {
  msr: 1,
  port: 2,
  pci: 3,
  acpi: 4,
  vfio: 5,
  uio: 6,
} as const;

/** enum ct_mode */
export const Mode = {
  off: 0,
  detect: 1,
  enforce: 2,
} as const;

/** enum ct_module_road */
export const ModuleRoad = {
  finit: 1,
  init: 2,
  request: 3,
  modprobe: 4,
} as const;

/** enum ct_outcome */
export const Outcome = {
  none: 0,
  observed: 1,
  denied: 2,
  allowed: 3,
  killed: 4,
  max: 5,
} as const;

/** enum ct_pin_road */
export const PinRoad = {
  unlink: 1,
  rename: 2,
  link: 3,
  rmdir: 4,
  chmod: 5,
  unmount: 6,
  cover: 7,
  move: 8,
  add: 9,
} as const;

/** enum ct_pinned */
export const Pinned = {
  directory: 1,
  above: 2,
} as const;

/** enum ct_preload_variable */
export const PreloadVariable = {
  preload: 1,
  audit: 2,
  library_path: 3,
  unknown: 4,
  open_to_write: 5,
} as const;

/** enum ct_role */
export const Role = {
  protected: 1,
  agent: 2,
  prober: 4,
  canary: 8,
} as const;

/** enum ct_signal_road */
export const SignalRoad = {
  kill: 1,
  sigio: 2,
} as const;

/** enum ct_starve_road */
export const StarveRoad = {
  control: 1,
  move: 2,
  limit: 3,
  scheduler: 4,
  nice: 5,
  ioprio: 6,
  sysrq: 7,
} as const;

/** enum ct_tamper_road */
export const TamperRoad = {
  by_id: 1,
  pinned: 2,
  held: 3,
  mapping: 4,
} as const;

/** enum ct_vector */
export const Vector = {
  none: 0,
  ptrace_attach: 1,
  ptrace_seize: 2,
  procmem_read: 3,
  procmem_write: 4,
  environ_read: 5,
  proc_layout: 6,
  process_vm_read: 7,
  process_vm_write: 8,
  pidfd_getfd: 9,
  module_load: 10,
  bpf_load: 11,
  dev_mem: 12,
  kcore: 13,
  msr_io: 27,
  kexec: 28,
  tracefs_probe: 29,
  swap_on: 30,
  hibernate: 31,
  block_raw: 32,
  ptrace_traceme: 14,
  process_madvise: 18,
  perf_target: 19,
  uprobe: 20,
  ns_enter: 24,
  procmem_stale_fd: 15,
  proc_fd: 16,
  proc_root: 17,
  coredump_signal: 21,
  coredump_limits: 22,
  core_pattern: 23,
  oom_adj: 25,
  agent_signal: 34,
  agent_cgroup: 35,
  hooks_off: 36,
  agent_access: 37,
  preload: 26,
  bpf_tamper: 33,
  pin_remove: 38,
  leak_write: 39,
  leak_send: 40,
  leak_exec: 41,
  leak_name: 42,
  leak_ipc: 43,
  chan_io_uring: 44,
  chan_splice: 45,
  chan_shared_map: 46,
  chan_fd_pass: 47,
  chan_userfault: 48,
  egress: 49,
  max: 64,
} as const;

/** struct ct_agent, 72 bytes. */
export interface Agent {
  leader: bigint;
  exeIno: bigint;
  nextIno: bigint;
  pinsSb: bigint;
  mounts: bigint[];
  seenIn: bigint[];
  exeDev: number;
  nextDev: number;
}
export const AgentSize = 72;
export function decodeAgent(buffer: Buffer, at = 0): Agent {
  return {
    leader: viewOf(buffer).getBigUint64(at + 0, true),
    exeIno: viewOf(buffer).getBigUint64(at + 8, true),
    nextIno: viewOf(buffer).getBigUint64(at + 16, true),
    pinsSb: viewOf(buffer).getBigUint64(at + 24, true),
    mounts: [viewOf(buffer).getBigUint64(at + 32 + 0, true), viewOf(buffer).getBigUint64(at + 32 + 8, true)],
    seenIn: [viewOf(buffer).getBigUint64(at + 48 + 0, true), viewOf(buffer).getBigUint64(at + 48 + 8, true)],
    exeDev: buffer.readUInt32LE(at + 64),
    nextDev: buffer.readUInt32LE(at + 68),
  };
}
export function encodeAgent(value: Agent): Buffer {
  const buffer = Buffer.alloc(72);
  buffer.writeBigUInt64LE(value.leader, 0);
  buffer.writeBigUInt64LE(value.exeIno, 8);
  buffer.writeBigUInt64LE(value.nextIno, 16);
  buffer.writeBigUInt64LE(value.pinsSb, 24);
  buffer.writeBigUInt64LE(value.mounts[0] ?? 0n, 32);
  buffer.writeBigUInt64LE(value.mounts[1] ?? 0n, 40);
  buffer.writeBigUInt64LE(value.seenIn[0] ?? 0n, 48);
  buffer.writeBigUInt64LE(value.seenIn[1] ?? 0n, 56);
  buffer.writeUInt32LE(value.exeDev, 64);
  buffer.writeUInt32LE(value.nextDev, 68);
  return buffer;
}

/** struct ct_allow, 16 bytes. */
export interface Allow {
  ctimeSec: bigint;
  ctimeNsec: number;
  children: number;
  limits: number;
}
export const AllowSize = 16;
export function decodeAllow(buffer: Buffer, at = 0): Allow {
  return {
    ctimeSec: viewOf(buffer).getBigUint64(at + 0, true),
    ctimeNsec: buffer.readUInt32LE(at + 8),
    children: buffer.readUInt16LE(at + 12),
    limits: buffer.readUInt16LE(at + 14),
  };
}
export function encodeAllow(value: Allow): Buffer {
  const buffer = Buffer.alloc(16);
  buffer.writeBigUInt64LE(value.ctimeSec, 0);
  buffer.writeUInt32LE(value.ctimeNsec, 8);
  buffer.writeUInt16LE(value.children, 12);
  buffer.writeUInt16LE(value.limits, 14);
  return buffer;
}

/** struct ct_allow_key, 32 bytes. */
export interface AllowKey {
  exeIno: bigint;
  cgroup: bigint;
  exeDev: number;
  uid: number;
  vector: number;
  kind: number;
  bank: number;
}
export const AllowKeySize = 32;
export function decodeAllowKey(buffer: Buffer, at = 0): AllowKey {
  return {
    exeIno: viewOf(buffer).getBigUint64(at + 0, true),
    cgroup: viewOf(buffer).getBigUint64(at + 8, true),
    exeDev: buffer.readUInt32LE(at + 16),
    uid: buffer.readUInt32LE(at + 20),
    vector: buffer.readUInt16LE(at + 24),
    kind: buffer.readUInt8(at + 26),
    bank: buffer.readUInt8(at + 27),
  };
}
export function encodeAllowKey(value: AllowKey): Buffer {
  const buffer = Buffer.alloc(32);
  buffer.writeBigUInt64LE(value.exeIno, 0);
  buffer.writeBigUInt64LE(value.cgroup, 8);
  buffer.writeUInt32LE(value.exeDev, 16);
  buffer.writeUInt32LE(value.uid, 20);
  buffer.writeUInt16LE(value.vector, 24);
  buffer.writeUInt8(value.kind, 26);
  buffer.writeUInt8(value.bank, 27);
  return buffer;
}

/** struct ct_authority, 72 bytes. */
export interface Authority {
  serial: bigint;
  key: Buffer;
  digest: Buffer;
}
export const AuthoritySize = 72;
export function decodeAuthority(buffer: Buffer, at = 0): Authority {
  return {
    serial: viewOf(buffer).getBigUint64(at + 0, true),
    key: Buffer.from(buffer.subarray(at + 8, at + 8 + 32)),
    digest: Buffer.from(buffer.subarray(at + 40, at + 40 + 32)),
  };
}
export function encodeAuthority(value: Authority): Buffer {
  const buffer = Buffer.alloc(72);
  buffer.writeBigUInt64LE(value.serial, 0);
  value.key.copy(buffer, 8, 0, 32);
  value.digest.copy(buffer, 40, 0, 32);
  return buffer;
}

/** struct ct_census_record, 72 bytes. */
export interface CensusRecord {
  who: Identity;
  role: number;
  tracer: number;
}
export const CensusRecordSize = 72;
export function decodeCensusRecord(buffer: Buffer, at = 0): CensusRecord {
  return {
    who: decodeIdentity(buffer, at + 0),
    role: buffer.readUInt32LE(at + 64),
    tracer: buffer.readUInt32LE(at + 68),
  };
}

/** struct ct_census_request, 80 bytes. */
export interface CensusRequest {
  mm: bigint;
  leader: bigint;
  trusted: bigint;
  op: number;
  tgid: number;
  group: number;
  role: number;
  follow: number;
  generation: number;
  changed: number;
  full: number;
  nextIno: bigint;
  nextDev: number;
  pinsFd: number;
  hostFd: number;
  recall: number;
}
export const CensusRequestSize = 80;
export function decodeCensusRequest(buffer: Buffer, at = 0): CensusRequest {
  return {
    mm: viewOf(buffer).getBigUint64(at + 0, true),
    leader: viewOf(buffer).getBigUint64(at + 8, true),
    trusted: viewOf(buffer).getBigUint64(at + 16, true),
    op: buffer.readUInt32LE(at + 24),
    tgid: buffer.readUInt32LE(at + 28),
    group: buffer.readUInt32LE(at + 32),
    role: buffer.readUInt32LE(at + 36),
    follow: buffer.readUInt32LE(at + 40),
    generation: buffer.readUInt32LE(at + 44),
    changed: buffer.readUInt32LE(at + 48),
    full: buffer.readUInt32LE(at + 52),
    nextIno: viewOf(buffer).getBigUint64(at + 56, true),
    nextDev: buffer.readUInt32LE(at + 64),
    pinsFd: buffer.readInt32LE(at + 68),
    hostFd: buffer.readInt32LE(at + 72),
    recall: buffer.readUInt32LE(at + 76),
  };
}
export function encodeCensusRequest(value: CensusRequest): Buffer {
  const buffer = Buffer.alloc(80);
  buffer.writeBigUInt64LE(value.mm, 0);
  buffer.writeBigUInt64LE(value.leader, 8);
  buffer.writeBigUInt64LE(value.trusted, 16);
  buffer.writeUInt32LE(value.op, 24);
  buffer.writeUInt32LE(value.tgid, 28);
  buffer.writeUInt32LE(value.group, 32);
  buffer.writeUInt32LE(value.role, 36);
  buffer.writeUInt32LE(value.follow, 40);
  buffer.writeUInt32LE(value.generation, 44);
  buffer.writeUInt32LE(value.changed, 48);
  buffer.writeUInt32LE(value.full, 52);
  buffer.writeBigUInt64LE(value.nextIno, 56);
  buffer.writeUInt32LE(value.nextDev, 64);
  buffer.writeInt32LE(value.pinsFd, 68);
  buffer.writeInt32LE(value.hostFd, 72);
  buffer.writeUInt32LE(value.recall, 76);
  return buffer;
}

/** struct ct_cgroup, 8 bytes. */
export interface Cgroup {
  group: number;
}
export const CgroupSize = 8;
export function decodeCgroup(buffer: Buffer, at = 0): Cgroup {
  return {
    group: buffer.readUInt32LE(at + 0),
  };
}
export function encodeCgroup(value: Cgroup): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(value.group, 0);
  return buffer;
}

/** struct ct_device_key, 8 bytes. */
export interface DeviceKey {
  block: number;
  dev: number;
}
export const DeviceKeySize = 8;
export function decodeDeviceKey(buffer: Buffer, at = 0): DeviceKey {
  return {
    block: buffer.readUInt32LE(at + 0),
    dev: buffer.readUInt32LE(at + 4),
  };
}
export function encodeDeviceKey(value: DeviceKey): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(value.block, 0);
  buffer.writeUInt32LE(value.dev, 4);
  return buffer;
}

/** struct ct_event, 248 bytes. */
export interface Event {
  timeNs: bigint;
  arg: bigint[];
  offender: Identity;
  target: Identity;
  name: string;
  syscall: number;
  error: number;
  abi: number;
  vector: number;
  door: number;
  outcome: number;
  flags: number;
}
export const EventSize = 248;
export function decodeEvent(buffer: Buffer, at = 0): Event {
  return {
    timeNs: viewOf(buffer).getBigUint64(at + 0, true),
    arg: [viewOf(buffer).getBigUint64(at + 8 + 0, true), viewOf(buffer).getBigUint64(at + 8 + 8, true), viewOf(buffer).getBigUint64(at + 8 + 16, true), viewOf(buffer).getBigUint64(at + 8 + 24, true)],
    offender: decodeIdentity(buffer, at + 40),
    target: decodeIdentity(buffer, at + 104),
    name: readText(buffer, at + 168, 64),
    syscall: buffer.readInt32LE(at + 232),
    error: buffer.readInt32LE(at + 236),
    abi: buffer.readUInt16LE(at + 240),
    vector: buffer.readUInt16LE(at + 242),
    door: buffer.readUInt16LE(at + 244),
    outcome: buffer.readUInt8(at + 246),
    flags: buffer.readUInt8(at + 247),
  };
}

/** struct ct_group_key, 8 bytes. */
export interface GroupKey {
  group: number;
  bank: number;
}
export const GroupKeySize = 8;
export function decodeGroupKey(buffer: Buffer, at = 0): GroupKey {
  return {
    group: buffer.readUInt32LE(at + 0),
    bank: buffer.readUInt32LE(at + 4),
  };
}
export function encodeGroupKey(value: GroupKey): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(value.group, 0);
  buffer.writeUInt32LE(value.bank, 4);
  return buffer;
}

/** struct ct_group_policy, 40 bytes. */
export interface GroupPolicy {
  own: bigint;
  detect: bigint;
  enforce: bigint;
  kill: bigint;
  membersMayInspect: number;
  egress: number;
}
export const GroupPolicySize = 40;
export function decodeGroupPolicy(buffer: Buffer, at = 0): GroupPolicy {
  return {
    own: viewOf(buffer).getBigUint64(at + 0, true),
    detect: viewOf(buffer).getBigUint64(at + 8, true),
    enforce: viewOf(buffer).getBigUint64(at + 16, true),
    kill: viewOf(buffer).getBigUint64(at + 24, true),
    membersMayInspect: buffer.readUInt32LE(at + 32),
    egress: buffer.readUInt32LE(at + 36),
  };
}
export function encodeGroupPolicy(value: GroupPolicy): Buffer {
  const buffer = Buffer.alloc(40);
  buffer.writeBigUInt64LE(value.own, 0);
  buffer.writeBigUInt64LE(value.detect, 8);
  buffer.writeBigUInt64LE(value.enforce, 16);
  buffer.writeBigUInt64LE(value.kill, 24);
  buffer.writeUInt32LE(value.membersMayInspect, 32);
  buffer.writeUInt32LE(value.egress, 36);
  return buffer;
}

/** struct ct_identity, 64 bytes. */
export interface Identity {
  startBoottimeNs: bigint;
  cgroupId: bigint;
  exeIno: bigint;
  exeDev: number;
  tgid: number;
  tid: number;
  ppid: number;
  uid: number;
  group: number;
  comm: string;
}
export const IdentitySize = 64;
export function decodeIdentity(buffer: Buffer, at = 0): Identity {
  return {
    startBoottimeNs: viewOf(buffer).getBigUint64(at + 0, true),
    cgroupId: viewOf(buffer).getBigUint64(at + 8, true),
    exeIno: viewOf(buffer).getBigUint64(at + 16, true),
    exeDev: buffer.readUInt32LE(at + 24),
    tgid: buffer.readUInt32LE(at + 28),
    tid: buffer.readUInt32LE(at + 32),
    ppid: buffer.readUInt32LE(at + 36),
    uid: buffer.readUInt32LE(at + 40),
    group: buffer.readUInt32LE(at + 44),
    comm: readText(buffer, at + 48, 16),
  };
}

/** struct ct_leak_anchor, 24 bytes. */
export interface LeakAnchor {
  fingerprint: bigint;
  length: number;
  offset: number;
  secret: number;
  encoding: number;
}
export const LeakAnchorSize = 24;
export function decodeLeakAnchor(buffer: Buffer, at = 0): LeakAnchor {
  return {
    fingerprint: viewOf(buffer).getBigUint64(at + 0, true),
    length: buffer.readUInt32LE(at + 8),
    offset: buffer.readUInt32LE(at + 12),
    secret: buffer.readUInt32LE(at + 16),
    encoding: buffer.readUInt32LE(at + 20),
  };
}
export function encodeLeakAnchor(value: LeakAnchor): Buffer {
  const buffer = Buffer.alloc(24);
  buffer.writeBigUInt64LE(value.fingerprint, 0);
  buffer.writeUInt32LE(value.length, 8);
  buffer.writeUInt32LE(value.offset, 12);
  buffer.writeUInt32LE(value.secret, 16);
  buffer.writeUInt32LE(value.encoding, 20);
  return buffer;
}

/** struct ct_leak_anchor_key, 16 bytes. */
export interface LeakAnchorKey {
  window: bigint;
  index: number;
}
export const LeakAnchorKeySize = 16;
export function decodeLeakAnchorKey(buffer: Buffer, at = 0): LeakAnchorKey {
  return {
    window: viewOf(buffer).getBigUint64(at + 0, true),
    index: buffer.readUInt32LE(at + 8),
  };
}
export function encodeLeakAnchorKey(value: LeakAnchorKey): Buffer {
  const buffer = Buffer.alloc(16);
  buffer.writeBigUInt64LE(value.window, 0);
  buffer.writeUInt32LE(value.index, 8);
  return buffer;
}

/** struct ct_leak_file_key, 16 bytes. */
export interface LeakFileKey {
  ino: bigint;
  dev: number;
  owner: number;
}
export const LeakFileKeySize = 16;
export function decodeLeakFileKey(buffer: Buffer, at = 0): LeakFileKey {
  return {
    ino: viewOf(buffer).getBigUint64(at + 0, true),
    dev: buffer.readUInt32LE(at + 8),
    owner: buffer.readUInt32LE(at + 12),
  };
}
export function encodeLeakFileKey(value: LeakFileKey): Buffer {
  const buffer = Buffer.alloc(16);
  buffer.writeBigUInt64LE(value.ino, 0);
  buffer.writeUInt32LE(value.dev, 8);
  buffer.writeUInt32LE(value.owner, 12);
  return buffer;
}

/** struct ct_leak_head, 48 bytes. */
export interface LeakHead {
  key: bigint[];
  groups: bigint;
  step: number;
  longest: number;
  scanLimit: number;
  beyond: number;
  unscanned: number;
}
export const LeakHeadSize = 48;
export function decodeLeakHead(buffer: Buffer, at = 0): LeakHead {
  return {
    key: [viewOf(buffer).getBigUint64(at + 0 + 0, true), viewOf(buffer).getBigUint64(at + 0 + 8, true)],
    groups: viewOf(buffer).getBigUint64(at + 16, true),
    step: buffer.readUInt32LE(at + 24),
    longest: buffer.readUInt32LE(at + 28),
    scanLimit: buffer.readUInt32LE(at + 32),
    beyond: buffer.readUInt32LE(at + 36),
    unscanned: buffer.readUInt32LE(at + 40),
  };
}
export function encodeLeakHead(value: LeakHead): Buffer {
  const buffer = Buffer.alloc(48);
  buffer.writeBigUInt64LE(value.key[0] ?? 0n, 0);
  buffer.writeBigUInt64LE(value.key[1] ?? 0n, 8);
  buffer.writeBigUInt64LE(value.groups, 16);
  buffer.writeUInt32LE(value.step, 24);
  buffer.writeUInt32LE(value.longest, 28);
  buffer.writeUInt32LE(value.scanLimit, 32);
  buffer.writeUInt32LE(value.beyond, 36);
  buffer.writeUInt32LE(value.unscanned, 40);
  return buffer;
}

/** struct ct_leak_secret, 8 bytes. */
export interface LeakSecret {
  group: number;
  flags: number;
}
export const LeakSecretSize = 8;
export function decodeLeakSecret(buffer: Buffer, at = 0): LeakSecret {
  return {
    group: buffer.readUInt32LE(at + 0),
    flags: buffer.readUInt32LE(at + 4),
  };
}
export function encodeLeakSecret(value: LeakSecret): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(value.group, 0);
  buffer.writeUInt32LE(value.flags, 4);
  return buffer;
}

/** struct ct_leak_sink_key, 28 bytes. */
export interface LeakSinkKey {
  prefixlen: number;
  owner: number;
  port: number;
  family: number;
  address: Buffer;
}
export const LeakSinkKeySize = 28;
export function decodeLeakSinkKey(buffer: Buffer, at = 0): LeakSinkKey {
  return {
    prefixlen: buffer.readUInt32LE(at + 0),
    owner: buffer.readUInt32LE(at + 4),
    port: buffer.readUInt16LE(at + 8),
    family: buffer.readUInt16LE(at + 10),
    address: Buffer.from(buffer.subarray(at + 12, at + 12 + 16)),
  };
}
export function encodeLeakSinkKey(value: LeakSinkKey): Buffer {
  const buffer = Buffer.alloc(28);
  buffer.writeUInt32LE(value.prefixlen, 0);
  buffer.writeUInt32LE(value.owner, 4);
  buffer.writeUInt16LE(value.port, 8);
  buffer.writeUInt16LE(value.family, 10);
  value.address.copy(buffer, 12, 0, 16);
  return buffer;
}

/** struct ct_namespace, 16 bytes. */
export interface Namespace {
  leader: bigint;
  census: number;
  agent: number;
}
export const NamespaceSize = 16;
export function decodeNamespace(buffer: Buffer, at = 0): Namespace {
  return {
    leader: viewOf(buffer).getBigUint64(at + 0, true),
    census: buffer.readUInt32LE(at + 8),
    agent: buffer.readUInt32LE(at + 12),
  };
}
export function encodeNamespace(value: Namespace): Buffer {
  const buffer = Buffer.alloc(16);
  buffer.writeBigUInt64LE(value.leader, 0);
  buffer.writeUInt32LE(value.census, 8);
  buffer.writeUInt32LE(value.agent, 12);
  return buffer;
}

/** struct ct_pinned_key, 16 bytes. */
export interface PinnedKey {
  ino: bigint;
  dev: number;
}
export const PinnedKeySize = 16;
export function decodePinnedKey(buffer: Buffer, at = 0): PinnedKey {
  return {
    ino: viewOf(buffer).getBigUint64(at + 0, true),
    dev: buffer.readUInt32LE(at + 8),
  };
}
export function encodePinnedKey(value: PinnedKey): Buffer {
  const buffer = Buffer.alloc(16);
  buffer.writeBigUInt64LE(value.ino, 0);
  buffer.writeUInt32LE(value.dev, 8);
  return buffer;
}

/** struct ct_policy, 16 bytes. */
export interface Policy {
  mode: number;
  kill: number;
  allowKinds: number;
}
export const PolicySize = 16;
export function decodePolicy(buffer: Buffer, at = 0): Policy {
  return {
    mode: buffer.readUInt32LE(at + 0),
    kill: buffer.readUInt32LE(at + 4),
    allowKinds: buffer.readUInt32LE(at + 8),
  };
}
export function encodePolicy(value: Policy): Buffer {
  const buffer = Buffer.alloc(16);
  buffer.writeUInt32LE(value.mode, 0);
  buffer.writeUInt32LE(value.kill, 4);
  buffer.writeUInt32LE(value.allowKinds, 8);
  return buffer;
}

/** struct ct_policy_head, 8 bytes. */
export interface PolicyHead {
  generation: number;
}
export const PolicyHeadSize = 8;
export function decodePolicyHead(buffer: Buffer, at = 0): PolicyHead {
  return {
    generation: buffer.readUInt32LE(at + 0),
  };
}
export function encodePolicyHead(value: PolicyHead): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(value.generation, 0);
  return buffer;
}

/** struct ct_repeat, 24 bytes. */
export interface Repeat {
  repeated: bigint;
  lastNs: bigint;
  toldTo: number;
}
export const RepeatSize = 24;
export function decodeRepeat(buffer: Buffer, at = 0): Repeat {
  return {
    repeated: viewOf(buffer).getBigUint64(at + 0, true),
    lastNs: viewOf(buffer).getBigUint64(at + 8, true),
    toldTo: buffer.readUInt32LE(at + 16),
  };
}
export function encodeRepeat(value: Repeat): Buffer {
  const buffer = Buffer.alloc(24);
  buffer.writeBigUInt64LE(value.repeated, 0);
  buffer.writeBigUInt64LE(value.lastNs, 8);
  buffer.writeUInt32LE(value.toldTo, 16);
  return buffer;
}

/** struct ct_repeat_key, 32 bytes. */
export interface RepeatKey {
  offenderStartNs: bigint;
  targetStartNs: bigint;
  offenderTgid: number;
  targetTgid: number;
  vector: number;
  outcome: number;
}
export const RepeatKeySize = 32;
export function decodeRepeatKey(buffer: Buffer, at = 0): RepeatKey {
  return {
    offenderStartNs: viewOf(buffer).getBigUint64(at + 0, true),
    targetStartNs: viewOf(buffer).getBigUint64(at + 8, true),
    offenderTgid: buffer.readUInt32LE(at + 16),
    targetTgid: buffer.readUInt32LE(at + 20),
    vector: buffer.readUInt32LE(at + 24),
    outcome: buffer.readUInt32LE(at + 28),
  };
}
export function encodeRepeatKey(value: RepeatKey): Buffer {
  const buffer = Buffer.alloc(32);
  buffer.writeBigUInt64LE(value.offenderStartNs, 0);
  buffer.writeBigUInt64LE(value.targetStartNs, 8);
  buffer.writeUInt32LE(value.offenderTgid, 16);
  buffer.writeUInt32LE(value.targetTgid, 20);
  buffer.writeUInt32LE(value.vector, 24);
  buffer.writeUInt32LE(value.outcome, 28);
  return buffer;
}

/** struct ct_scope, 32 bytes. */
export interface Scope {
  way: bigint;
  place: bigint;
  group: number;
  role: number;
  census: number;
  also: number;
}
export const ScopeSize = 32;
export function decodeScope(buffer: Buffer, at = 0): Scope {
  return {
    way: viewOf(buffer).getBigUint64(at + 0, true),
    place: viewOf(buffer).getBigUint64(at + 8, true),
    group: buffer.readUInt32LE(at + 16),
    role: buffer.readUInt32LE(at + 20),
    census: buffer.readUInt32LE(at + 24),
    also: buffer.readUInt32LE(at + 28),
  };
}
export function encodeScope(value: Scope): Buffer {
  const buffer = Buffer.alloc(32);
  buffer.writeBigUInt64LE(value.way, 0);
  buffer.writeBigUInt64LE(value.place, 8);
  buffer.writeUInt32LE(value.group, 16);
  buffer.writeUInt32LE(value.role, 20);
  buffer.writeUInt32LE(value.census, 24);
  buffer.writeUInt32LE(value.also, 28);
  return buffer;
}

/** struct ct_settings, 16 bytes. */
export interface Settings {
  nodeGuardsAlways: number;
  reportAllowed: number;
  uprobeFlag: number;
  listener: number;
}
export const SettingsSize = 16;
export function decodeSettings(buffer: Buffer, at = 0): Settings {
  return {
    nodeGuardsAlways: buffer.readUInt32LE(at + 0),
    reportAllowed: buffer.readUInt32LE(at + 4),
    uprobeFlag: buffer.readUInt32LE(at + 8),
    listener: buffer.readUInt32LE(at + 12),
  };
}
export function encodeSettings(value: Settings): Buffer {
  const buffer = Buffer.alloc(16);
  buffer.writeUInt32LE(value.nodeGuardsAlways, 0);
  buffer.writeUInt32LE(value.reportAllowed, 4);
  buffer.writeUInt32LE(value.uprobeFlag, 8);
  buffer.writeUInt32LE(value.listener, 12);
  return buffer;
}

/** struct ct_share, 16 bytes. */
export interface Share {
  processes: bigint;
  refused: bigint;
}
export const ShareSize = 16;
export function decodeShare(buffer: Buffer, at = 0): Share {
  return {
    processes: viewOf(buffer).getBigInt64(at + 0, true),
    refused: viewOf(buffer).getBigUint64(at + 8, true),
  };
}
export function encodeShare(value: Share): Buffer {
  const buffer = Buffer.alloc(16);
  buffer.writeBigInt64LE(value.processes, 0);
  buffer.writeBigUInt64LE(value.refused, 8);
  return buffer;
}
