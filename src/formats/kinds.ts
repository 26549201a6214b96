// SPDX-License-Identifier: Apache-2.0
// What kind of thing each event type is in vocabularies that are not ours: OCSF's classes and activities, ECS's closed lists of
// categories and types. TypeScript says which types lack a row.

import type { EventType } from "../vectors/index.js";
import type { NoticeType } from "./notice.js";

/** OCSF class_uid of the classes in use. */
export type OcsfClass = 1002 | 1003 | 1004 | 1005 | 1007 | 4001 | 6002 | 6008;

export interface Kind {
  /** activity_id; 99 is what the class has no word for. */
  ocsf: { class: OcsfClass; activity: number };
  ecs: { category: readonly string[]; type: readonly string[] };
  /** Falco's own rule for the same thing, for those who filter by its name. */
  falcoRule?: string;
}

const process = ["process", "intrusion_detection"] as const;
const procfs = ["process", "file", "intrusion_detection"] as const;
const file = ["file", "intrusion_detection"] as const;
const driver = ["driver", "intrusion_detection"] as const;
const host = ["host", "intrusion_detection"] as const;

const attack = (ocsf: Kind["ocsf"], category: readonly string[], type: string, falcoRule?: string): Kind => ({
  ocsf,
  ecs: { category, type: [type] },
  ...(falcoRule === undefined ? {} : { falcoRule }),
});

const openProcess = { class: 1007, activity: 3 } as const;
const otherProcess = { class: 1007, activity: 99 } as const;
const readMemory = { class: 1004, activity: 7 } as const;
const writeMemory = { class: 1004, activity: 8 } as const;
const invokeKernel = { class: 1003, activity: 4 } as const;
const readKernel = { class: 1003, activity: 2 } as const;
const otherKernel = { class: 1003, activity: 99 } as const;

const attackKinds: Readonly<Record<EventType, Kind>> = {
  PTRACE_DENIED: attack(openProcess, process, "access", "PTRACE attached to process"),
  PROCMEM_READ: attack(readMemory, procfs, "access"),
  PROCMEM_WRITE: attack(writeMemory, procfs, "change"),
  ENVIRON_READ: attack(readMemory, procfs, "access", "Read environment variable from /proc files"),
  PROC_LAYOUT_READ: attack(openProcess, procfs, "access"),
  PROCESS_VM_READ: attack(readMemory, process, "access"),
  PROCESS_VM_WRITE: attack(writeMemory, process, "change"),
  FD_STEAL: attack(openProcess, process, "access"),
  PROC_FD_OPEN: attack(openProcess, procfs, "access"),
  PROC_ROOT_ACCESS: attack(openProcess, procfs, "access"),
  COREDUMP_FORCED: attack(otherProcess, process, "change"),
  PROC_TAMPER: attack(otherProcess, procfs, "change"),
  PROCESS_MADVISE: attack({ class: 1004, activity: 99 }, process, "change"),
  NS_ENTER: attack(invokeKernel, process, "change"),
  PERF_ATTACH: attack(invokeKernel, process, "access"),
  UPROBE_ATTACH: attack(invokeKernel, process, "change"),
  PRELOAD: attack({ class: 1005, activity: 1 }, process, "start"),
  MODULE_LOAD: attack({ class: 1002, activity: 1 }, driver, "start", "Linux Kernel Module Injection Detected"),
  BPF_LOAD: attack(invokeKernel, driver, "start"),
  KERNEL_MEMORY_READ: attack(readKernel, file, "access"),
  CORE_PATTERN: attack(otherKernel, ["configuration", ...file], "change"),
  KEXEC: attack(invokeKernel, driver, "start"),
  TRACE_PROBE: attack(otherKernel, file, "change"),
  SWAP_ON: attack(invokeKernel, host, "change"),
  RAW_DISK: attack(readKernel, file, "access"),
  HIBERNATE: attack(invokeKernel, host, "change"),
  AGENT_TAMPER: attack(otherKernel, ["configuration", "intrusion_detection"], "change"),
  IO_URING_DENIED: attack(invokeKernel, process, "access"),
  ZERO_COPY_DENIED: attack(invokeKernel, process, "access"),
  SHARED_MAP_DENIED: attack({ class: 1004, activity: 99 }, process, "access"),
  FD_PASS_DENIED: attack({ class: 1004, activity: 99 }, process, "access"),
  USERFAULTFD_DENIED: attack(invokeKernel, process, "access"),
  EGRESS_DENIED: attack({ class: 4001, activity: 6 }, ["network", "intrusion_detection"], "connection"),
  SECRET_LEAK: attack(otherProcess, process, "access"),
};

/** An event of a type that this version does not know: by whether it was aimed at a process. */
const unknownAttack = { process: attack(otherProcess, process, "access"), node: attack(otherKernel, host, "access") };

/** Without a target there is no process for the classes that are about one: then it is something done by the kernel. */
export function attackKindOf(type: string, hasTarget: boolean): Kind {
  if (!Object.hasOwn(attackKinds, type)) return hasTarget ? unknownAttack.process : unknownAttack.node;
  const kind = attackKinds[type as EventType];
  const needsTarget = kind.ocsf.class === 1004 || kind.ocsf.class === 1007;
  return needsTarget && !hasTarget ? { ...kind, ocsf: otherKernel } : kind;
}

const lifecycle = (activity: number, type: string): Kind => ({
  ocsf: { class: 6002, activity },
  ecs: { category: ["process"], type: [type] },
});
/** General Error: something that should act does not. */
const failure: Kind = {
  ocsf: { class: 6008, activity: 1 },
  ecs: { category: ["intrusion_detection"], type: ["info"] },
};
const information: Kind = {
  ocsf: { class: 6002, activity: 99 },
  ecs: { category: ["configuration"], type: ["info"] },
};

const noticeKinds: Readonly<Partial<Record<NoticeType, Kind>>> = {
  AGENT_STARTED: lifecycle(3, "start"),
  AGENT_TOOK_OVER: lifecycle(3, "start"),
  AGENT_STOPPED: lifecycle(4, "end"),
  GUARD_SKIPPED: failure,
  GUARD_UNPROVED: failure,
  GUARD_SILENCED: failure,
  EVENTS_LOST: failure,
  WORKLOAD_FULL: failure,
  POD_UNGUARDED: failure,
  POD_RULES_REFUSED: failure,
  KUBERNETES_AWAY: failure,
  CONTROL_SOCKET_REPLACED: failure,
};

export function noticeKindOf(type: NoticeType): Kind {
  return noticeKinds[type] ?? information;
}
