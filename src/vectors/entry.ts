// SPDX-License-Identifier: Apache-2.0
// The shape of one row of the table, and the closed lists its fields draw from.

export const severities = ["info", "low", "medium", "high", "critical"] as const;
export type Severity = (typeof severities)[number];

export const modes = ["off", "detect", "enforce"] as const;
export type Mode = (typeof modes)[number];

/** Kernel hooks at which guards stand: the lower-case names of enum ct_door in bpf/abi.h. */
export type GuardDoor =
  | "file_open"
  | "ptrace_access_check"
  | "kernel_read_file"
  | "kernel_load_data"
  | "kernel_module_request"
  | "bpf"
  | "locked_down"
  | "capable"
  | "perf_event_alloc"
  | "ptrace_traceme"
  | "bprm_check_security"
  | "file_permission"
  | "file_ioctl"
  | "inode_follow_link"
  | "task_kill"
  | "file_send_sigiotask"
  | "task_setrlimit"
  | "task_setscheduler"
  | "task_setnice"
  | "task_setioprio"
  | "mmap_file"
  | "bpf_map"
  | "bpf_prog"
  | "sb_umount"
  | "sb_mount"
  | "move_mount"
  | "inode_unlink"
  | "inode_rename"
  | "inode_rmdir"
  | "inode_link"
  | "inode_setattr"
  | "path_chmod"
  | "socket_sendmsg"
  | "socket_connect"
  | "inode_init_security_anon"
  | "shm_shmat"
  | "file_mprotect"
  | "inode_create"
  | "inode_mkdir"
  | "inode_mknod"
  | "inode_symlink"
  | "inode_setxattr"
  | "task_prctl"
  | "msg_msg_alloc_security"
  | "key_permission";

/** How detail shows an argument: a number as it is, as hexadecimal bits, as the vector of that number, or by a name from the list; an address takes this argument and the next. */
export type ArgumentForm = "number" | "bits" | "vector" | "address" | { readonly [value: number]: string };

export interface ArgumentMeaning {
  /** Key in the event's detail object. */
  key: string;
  form: ArgumentForm;
  meaning: string;
}

export interface VectorEntry {
  /** A few words for tables and headings. */
  title: string;
  /** The event's `type`; the six of the specification among them. */
  eventType: string;
  severity: Severity;
  /** Severities of roads (values of the first argument) that also tools of an administrator take by the way. */
  roadSeverity?: Readonly<Record<string, Severity>>;
  /** MITRE ATT&CK ids, current names looked up elsewhere. */
  attack: { techniques: readonly string[]; tactics: readonly string[] };
  /** "inherit" follows the global mode; anything else holds until the configuration names the vector. */
  defaultMode: "inherit" | Mode;
  /** "process": against a protected process. "node": against the kernel below it. "own": by a protected process itself. */
  scope: "process" | "node" | "own";
  doors: readonly GuardDoor[];
  /** For people: what the attacker tried. */
  attempt: string;
  /** For people: how it is stopped. */
  defence: string;
  /** Controls for which a denial of this vector is evidence. */
  compliance: readonly string[];
  /** ct_event.arg[0..], in order; slots that are not named are 0. */
  args: readonly ArgumentMeaning[];
  /** What detail holds where it is made of all arguments together, and args is empty. */
  details?: readonly { key: string; meaning: string }[];
  /** ct_event.name: key in detail and meaning; undefined if the vector leaves it empty. */
  name?: { key: string; meaning: string };
}
