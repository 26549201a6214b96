// SPDX-License-Identifier: Apache-2.0
// What the addon exports, by hand: the only description of it that TypeScript sees. It knows no vector and no policy.
// Every function throws NativeError (see native/error.h) and every close() may be called any number of times.

/** Attach forms. "lsm": BPF_LSM_MAC on bpf_lsm_<hook>; "fmod_ret": BPF_MODIFY_RETURN on security_<hook>;
 *  "fentry": BPF_TRACE_FENTRY on security_<hook> (for hooks that return nothing). */
export type AttachForm = "lsm" | "fmod_ret" | "fentry";

export interface NativeError extends Error {
  /** Stable string: "ENOENT"-style errno name, "LIBBPF_FORMAT"-style for libbpf's own numbers (4000 and up; FORMAT and
   *  LIBELF mean a file that is no object), or "CLOSED" (handle used after close()), "BAD_ARGUMENT". */
  code: string;
  /** Positive errno, 0 if none. */
  errno: number;
  /** The program, map, link or path that it is about. */
  target: string;
  /** libbpf and verifier output of the failed call, "" if none; at most 64 KiB, the end kept. */
  log: string;
}

export interface ProgramInfo {
  name: string;
  section: string;
}

export interface MapInfo {
  name: string;
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
}

/** Kernel's own numbers about a loaded program (bpf_prog_info). */
export interface LoadedProgramInfo {
  id: number;
  name: string;
  /** Times the program was skipped because it was already running on that CPU; each one is an unguarded call. */
  recursionMisses: bigint;
  runCount: bigint;
  verifiedInstructions: number;
  /** Bytes of JITed code. */
  jitedBytes: number;
  /** enum bpf_prog_type */
  type: number;
  /** First 8 bytes of the digest of its instructions: SHA-1, or SHA-256 on newer kernels. */
  tag: Buffer;
  /** Of the maps that it names, in the order in which it does, each once. */
  mapIds: number[];
}

/** What a load would hand to the kernel of one program, fitted to this kernel. */
export interface Blueprint {
  name: string;
  /** As they are digested for a tag: what stands for a map is zero. */
  instructions: Buffer;
  /** In the order in which it names them, each once. */
  maps: { name: string; id: number }[];
}

export interface BpfLink {
  readonly fd: number;
  /** undefined: no link of the kernel's own, so it has no id. Before 5.15 a kprobe hangs on a perf event alone. */
  info(): { id: number; programId: number } | undefined;
  /** Fails with EEXIST if the path is taken. */
  pin(path: string): void;
  /** Lets go of the link: detaches unless it is pinned. So does garbage collection: keep a reference. */
  close(): void;
}

export interface BpfIterator {
  /** Runs the program once and returns all that it wrote. */
  run(): Buffer;
  /** Of the program. Fails with EEXIST if the path is taken. */
  pin(path: string): void;
  info(): LoadedProgramInfo;
  close(): void;
}

export interface BpfMap {
  readonly name: string;
  readonly fd: number;
  readonly keySize: number;
  /** Of one value; per-CPU maps return possibleCpus() of them, each padded to 8 bytes. */
  readonly valueSize: number;
  lookup(key: Uint8Array): Buffer | undefined;
  /** flags: 0 any, 1 only if absent (EEXIST), 2 only if present (ENOENT). */
  update(key: Uint8Array, value: Uint8Array, flags?: number): void;
  /** Arrays with BPF_F_MMAPABLE: sets these bits (32-bit numbers) of the values as they lie in memory. Returns how many
   *  were clear before. */
  setBits(bits: Uint8Array): number;
  /** Likewise: a copy of the first value. */
  readBits(): Buffer;
  /** Likewise: the first value, valueSize bytes, each changed at once. What setBits() does meanwhile elsewhere may be lost. */
  replaceBits(value: Uint8Array): void;
  /** false if it was not there. */
  delete(key: Uint8Array): boolean;
  keys(): Buffer[];
  pin(path: string): void;
  info(): MapInfo & { id: number };
  close(): void;
}

export interface BpfObject {
  programs(): ProgramInfo[];
  maps(): MapInfo[];
  setAutoload(program: string, on: boolean): void;
  /** Before load(): turns an "lsm/<hook>" program into the given form. ENOENT if the kernel's BTF has no such function;
   *  the program then needs another setForm() or setAutoload(program, false) before load(). */
  setForm(program: string, form: AttachForm, hook: string): void;
  setMaxEntries(map: string, entries: number): void;
  /** What the file gives .rodata, .data or .bss (name as in maps(), or the bare section name): read, patch, set. */
  initialValue(map: string): Buffer;
  /** Before load(): overwrites .rodata (name as in maps()); value must be valueSize bytes long. */
  setInitialValue(map: string, value: Uint8Array): void;
  /** Before load(): uses the map pinned at that path, or behind that descriptor; EINVAL if its shape differs, ENOENT if
   *  there is none. */
  reuseMap(map: string, source: string | number): void;
  /** Once, successful or not: after a failure close the object and open it again. The verifier's log is in error.log;
   *  error.target is the refused program if it was one, else the object's path. */
  load(): void;
  /** In place of load(), of an object that was opened for it: every program that would be loaded. Makes the maps that are not
   *  reused, and no program. */
  blueprints(): Blueprint[];
  /** kernelFunction: only for kprobe programs, at whose start they then run. */
  attach(program: string, kernelFunction?: string): BpfLink;
  /** Of a loaded iterator program, with a descriptor of its own. */
  iterator(program: string): BpfIterator;
  programInfo(program: string): LoadedProgramInfo;
  /** Of a loaded program; the object's own, gone with close(). */
  programFd(program: string): number;
  map(name: string): BpfMap;
  close(): void;
}

/** One form of a secret: the whole in one encoding, or a piece of it. */
export interface Fingerprint {
  /** enum ct_leak_encoding */
  encoding: number;
  /** Bytes. */
  length: number;
  fingerprint: bigint;
  /** Bits of the map "leak_windows", 32 bits each. */
  windows: Buffer;
  /** Windows of it that may be its anchor, best first, 16 bytes each: hash (64 bits), bit of the map "leak_anchor_bits"
   *  (32 bits), offset in the form (32 bits). */
  candidates: Buffer;
}

export interface Ring {
  /** Reads what is there now, at most maxRecords; returns how many. For shutdown and tests. */
  drain(maxRecords: number): number;
  /** Bytes that were written, or are being written, and not read yet: of each record eight more than its size. */
  waiting(): number;
  close(): void;
}

export interface Pidfd {
  readonly fd: number;
  readonly pid: number;
  signal(signal: number): void;
  /** false once the process has exited. */
  alive(): boolean;
  close(): void;
}

export interface Native {
  libbpfVersion(): string;
  possibleCpus(): number;
  /** From memory, so that what was checked is what is loaded; the path is its name in errors. "blueprints": it can only be
   *  asked for those, and not be loaded. */
  openObject(path: string, bytes: Uint8Array, blueprints?: boolean): BpfObject;
  /** Opens a map pinned in bpffs. */
  openMap(path: string): BpfMap;
  /** Opens a link pinned in bpffs. */
  openLink(path: string): BpfLink;
  /** Opens an iterator program pinned in bpffs. */
  openIterator(path: string): BpfIterator;
  /** Consumes map (a BPF_MAP_TYPE_RINGBUF) by uv_poll on this thread's loop. One call per wake-up and at most maxRecords
   *  records, laid end to end; each is `recordSize` bytes, others are counted in `malformed`. */
  openRing(
    map: BpfMap,
    options: { recordSize: number; maxRecords: number },
    onBatch: (records: Buffer, count: number, malformed: number) => void,
  ): Ring;
  /** true if the running kernel's BTF has a function of that name. */
  kernelHasFunction(name: string): boolean;
  /** Value of an enumerator in the running kernel's BTF, also of an enum without a name; undefined if there is none. */
  kernelEnumerator(name: string): number | undefined;
  /** Frees the kernel BTF that these two parsed and keep (some MB); the next question parses it again. */
  releaseBtf(): void;
  /** Gives memory that was freed and that the C library keeps back to the kernel: milliseconds. */
  trim(): void;
  /** By kernel id, for programs behind pinned links (BpfLink.info().programId). Name as the kernel cut it: 15 characters. */
  loadedProgram(id: number): LoadedProgramInfo;
  /** Whether the kernel still has a map of that id. */
  mapExists(id: number): boolean;
  /** Ids of the links by which programs are called at this function of the kernel; ENOENT if its BTF has none of that name. */
  linksAt(kernelFunction: string): number[];
  openPidfd(pid: number): Pidfd;
  /** SO_PEERCRED of a connected unix socket. */
  peerCredentials(fd: number): { pid: number; uid: number; gid: number };
  /** Replaces this process: default signal dispositions, empty signal mask, blocking stdio, which is
   *  all that is inherited (Node marks other descriptors close-on-exec). Returns only by throwing, nothing changed then. */
  exec(path: string, argv: string[], env: string[]): never;
  /** sd_notify: one datagram to $NOTIFY_SOCKET (also abstract "@" names). false if the variable is unset. */
  notify(state: string): boolean;
  /** Soft and hard core size limit of a process, in bytes, -1 for unlimited; sets them if given, and returns those before. */
  coreLimit(pid: number, limits?: readonly [number, number]): [number, number];
  /** Bytes of kernel memory: memlock of map or program descriptor from its fdinfo. */
  memlock(fd: number): number;
  /** open_by_handle_at(2) with O_PATH, on the file system that is mounted at `mount`: a descriptor, to be closed by who
   *  gets it. Takes CAP_DAC_READ_SEARCH; ESTALE: nothing of that handle is there any more. */
  openByHandle(mount: string, type: number, handle: Uint8Array): number;
  /** What the kernel knows a secret (12 bytes to 64 KiB) by, under this key (16 bytes). The secret is overwritten with
   *  zeros, also when this throws. */
  fingerprints(secret: Uint8Array, key: Uint8Array): Fingerprint[];
}
