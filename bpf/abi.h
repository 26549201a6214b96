/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bytes that cross between kernel and user space, and nothing else.
 * Compiled into every BPF object, where BTF carries it; src/kernel/abi.gen.ts is generated from that BTF.
 * Only __u8/16/32/64, __s32 and char[N], padding spelt out, ids never reused.
 */
#ifndef CT_ABI_H
#define CT_ABI_H

#include "abi_roads.h"
#include "abi_self.h"

#define CT_ABI_VERSION 1

#define CT_COMM_LEN 16
#define CT_NAME_LEN 64

#include "abi_leak.h"
#include "abi_policy.h"

/* One id per attack vector. The lower-case name without the prefix is the vector's name everywhere. */
enum ct_vector {
	CT_VECTOR_NONE = 0,
	CT_VECTOR_PTRACE_ATTACH = 1,
	CT_VECTOR_PTRACE_SEIZE = 2,
	CT_VECTOR_PROCMEM_READ = 3,
	CT_VECTOR_PROCMEM_WRITE = 4,
	CT_VECTOR_ENVIRON_READ = 5,
	CT_VECTOR_PROC_LAYOUT = 6,
	CT_VECTOR_PROCESS_VM_READ = 7,
	CT_VECTOR_PROCESS_VM_WRITE = 8,
	CT_VECTOR_PIDFD_GETFD = 9,
	CT_VECTOR_MODULE_LOAD = 10,
	CT_VECTOR_BPF_LOAD = 11,
	CT_VECTOR_DEV_MEM = 12,
	CT_VECTOR_KCORE = 13,
	CT_VECTOR_MSR_IO = 27,
	CT_VECTOR_KEXEC = 28,
	CT_VECTOR_TRACEFS_PROBE = 29,
	CT_VECTOR_SWAP_ON = 30,
	CT_VECTOR_HIBERNATE = 31,
	CT_VECTOR_BLOCK_RAW = 32,
	CT_VECTOR_PTRACE_TRACEME = 14,
	CT_VECTOR_PROCESS_MADVISE = 18,
	CT_VECTOR_PERF_TARGET = 19,
	CT_VECTOR_UPROBE = 20,
	CT_VECTOR_NS_ENTER = 24,
	CT_VECTOR_PROCMEM_STALE_FD = 15,
	CT_VECTOR_PROC_FD = 16,
	CT_VECTOR_PROC_ROOT = 17,
	CT_VECTOR_COREDUMP_SIGNAL = 21,
	CT_VECTOR_COREDUMP_LIMITS = 22,
	CT_VECTOR_CORE_PATTERN = 23,
	CT_VECTOR_OOM_ADJ = 25,
	CT_VECTOR_AGENT_SIGNAL = 34,
	CT_VECTOR_AGENT_CGROUP = 35,
	CT_VECTOR_HOOKS_OFF = 36,
	CT_VECTOR_AGENT_ACCESS = 37,
	CT_VECTOR_PRELOAD = 26,
	CT_VECTOR_BPF_TAMPER = 33,
	CT_VECTOR_PIN_REMOVE = 38,
	CT_VECTOR_LEAK_WRITE = 39,
	CT_VECTOR_LEAK_SEND = 40,
	CT_VECTOR_LEAK_EXEC = 41,
	CT_VECTOR_LEAK_NAME = 42,
	CT_VECTOR_LEAK_IPC = 43,
	CT_VECTOR_CHAN_IO_URING = 44,
	CT_VECTOR_CHAN_SPLICE = 45,
	CT_VECTOR_CHAN_SHARED_MAP = 46,
	CT_VECTOR_CHAN_FD_PASS = 47,
	CT_VECTOR_CHAN_USERFAULT = 48,
	CT_VECTOR_EGRESS = 49,
	CT_VECTOR_MAX = 64, /* size of the per-vector maps; room to grow without a new layout */
};

/* One id per door (kernel hook). The lower-case name without the prefix is the hook's and the program's name. */
enum ct_door {
	CT_DOOR_NONE = 0,
	CT_DOOR_FILE_OPEN = 1,
	CT_DOOR_PTRACE_ACCESS_CHECK = 2,
	CT_DOOR_KERNEL_READ_FILE = 3,
	CT_DOOR_KERNEL_LOAD_DATA = 4,
	CT_DOOR_KERNEL_MODULE_REQUEST = 5,
	CT_DOOR_BPF = 6,
	CT_DOOR_TASK_ALLOC = 7,
	CT_DOOR_TASK_FREE = 8,
	CT_DOOR_BPRM_CHECK_SECURITY = 9,
	CT_DOOR_LOCKED_DOWN = 22,
	CT_DOOR_CAPABLE = 17,
	CT_DOOR_PERF_EVENT_ALLOC = 18,
	CT_DOOR_PTRACE_TRACEME = 19,
	CT_DOOR_FILE_PERMISSION = 10,
	CT_DOOR_FILE_IOCTL = 12,
	CT_DOOR_INODE_FOLLOW_LINK = 13,
	CT_DOOR_TASK_KILL = 14,
	CT_DOOR_FILE_SEND_SIGIOTASK = 15,
	CT_DOOR_TASK_SETRLIMIT = 16,
	CT_DOOR_TASK_SETSCHEDULER = 30,
	CT_DOOR_TASK_SETNICE = 31,
	CT_DOOR_TASK_SETIOPRIO = 32,
	CT_DOOR_MMAP_FILE = 11,
	CT_DOOR_BPF_MAP = 20,
	CT_DOOR_BPF_PROG = 21,
	CT_DOOR_SB_UMOUNT = 24,
	CT_DOOR_SB_MOUNT = 25,
	CT_DOOR_MOVE_MOUNT = 26,
	CT_DOOR_INODE_UNLINK = 27,
	CT_DOOR_INODE_RENAME = 28,
	CT_DOOR_INODE_RMDIR = 29,
	CT_DOOR_INODE_LINK = 40,
	CT_DOOR_PATH_CHMOD = 41,
	CT_DOOR_SOCKET_SENDMSG = 42,
	CT_DOOR_SOCKET_CONNECT = 43,
	CT_DOOR_INODE_INIT_SECURITY_ANON = 44,
	CT_DOOR_SHM_SHMAT = 45,
	CT_DOOR_FILE_MPROTECT = 46,
	CT_DOOR_INODE_CREATE = 52,
	CT_DOOR_INODE_MKDIR = 53,
	CT_DOOR_INODE_MKNOD = 54,
	CT_DOOR_INODE_SYMLINK = 55,
	CT_DOOR_INODE_SETXATTR = 56,
	CT_DOOR_TASK_PRCTL = 57,
	CT_DOOR_MSG_MSG_ALLOC_SECURITY = 58,
	CT_DOOR_KEY_PERMISSION = 59,
	CT_DOOR_TASK_NEWTASK = 60,
	CT_DOOR_CGROUP_ATTACH_TASK = 61,
	CT_DOOR_INODE_SETATTR = 62,
	CT_DOOR_MAX = 64,
};

enum ct_mode {
	CT_MODE_OFF = 0,
	CT_MODE_DETECT = 1,
	CT_MODE_ENFORCE = 2,
};

enum ct_outcome {
	CT_OUTCOME_NONE = 0,
	CT_OUTCOME_OBSERVED = 1,
	CT_OUTCOME_DENIED = 2,
	CT_OUTCOME_ALLOWED =
		3,	       /* an allow-list entry matched: counted; an event only with ct_settings.report_allowed */
	CT_OUTCOME_KILLED = 4, /* signal form: it went on, and the offender is sent SIGKILL after the fact */
	CT_OUTCOME_MAX = 5,
};

/* ct_event.flags */
enum ct_event_flag {
	CT_EVENT_KILL_WANTED = 1, /* policy asks for SIGKILL */
	CT_EVENT_KILLED = 2,	  /* the kernel already sent it */
	CT_EVENT_COMPAT = 4,	  /* 32-bit system call: syscall is an i386 number */
	CT_EVENT_IO_WORKER = 8,	  /* io_uring worker: syscall is unknown (-1) */
	CT_EVENT_HAS_TARGET = 16, /* ct_event.target is filled */
	CT_EVENT_LATE = 32,	  /* enforced, but in a form that cannot refuse: the operation went on */
};

/* ct_scope.role, a bit set */
enum ct_role {
	CT_ROLE_PROTECTED = 1, /* inherited by children */
	CT_ROLE_AGENT = 2,     /* may load BPF programs, and is guarded itself; not inherited */
	CT_ROLE_PROBER = 4,    /* the canary's attacker: always refused, never reported; not inherited */
	CT_ROLE_CANARY = 8,    /* the canary's victim; inherited, not counted as a workload */
};

/*
 * Map "devices": hash. What user space knows of device numbers that the kernel gives out at run time.
 * Value: for character devices enum ct_machine_road; for block devices 1, which is "holds active swap".
 */
struct ct_device_key {
	__u32 block; /* 1: block device, 0: character device */
	__u32 dev;   /* kernel-internal dev_t; of character devices with the minor 0xfffff, which stands for all */
};

/* Why something was lost; index into the loss map. */
enum ct_loss {
	CT_LOSS_RING_FULL = 0, /* event dropped, verdict stood */
	CT_LOSS_SCOPE_FULL =
		1, /* no room for a process: its fork, or the next exec in its control group, was refused */
	CT_LOSS_KILL_FAILED = 2, /* the in-kernel signal failed; user space tries */
	CT_LOSS_SHARE_FULL = 3,	 /* a workload has its share of the places: a fork of it was refused */
	CT_LOSS_MAX = 8,
};

struct ct_identity {
	__u64 start_boottime_ns; /* of the thread-group leader, since boot */
	__u64 cgroup_id;	 /* cgroup v2 id (inode number), 0 if unknown */
	__u64 exe_ino;		 /* inode of the executable, 0 for kernel threads */
	__u32 exe_dev;		 /* kernel-internal dev_t: major << 20 | minor */
	__u32 tgid;		 /* in the initial pid namespace */
	__u32 tid;
	__u32 ppid;  /* tgid of the real parent */
	__u32 uid;   /* in the initial user namespace */
	__u32 group; /* protection group, 0 if unprotected */
	char comm[CT_COMM_LEN];
};

struct ct_event {
	__u64 time_ns; /* CLOCK_BOOTTIME */
	__u64 arg[4];  /* meaning per vector: see src/vectors/table.ts */
	struct ct_identity offender;
	struct ct_identity target; /* valid with CT_EVENT_HAS_TARGET */
	char name[CT_NAME_LEN];	   /* file, module or program name; NUL-terminated */
	__s32 syscall;		   /* -1 if unknown */
	__s32 error;		   /* negative errno given to the caller, 0 if observed */
	__u16 abi;		   /* CT_ABI_VERSION */
	__u16 vector;		   /* enum ct_vector */
	__u16 door;		   /* enum ct_door */
	__u8 outcome;		   /* enum ct_outcome */
	__u8 flags;		   /* enum ct_event_flag, a bit set */
};

/*
 * Map "repeats": hash. The first attempt of one offender on one target makes an event, and so does the first after it
 * has been quiet; the others are counted here and reported by user space. That alone takes entries away, where offender
 * or target is gone: what is added at that moment would be lost.
 */
struct ct_repeat_key {
	__u64 offender_start_ns;
	/* 0 for node-wide vectors. Of leak_*, where the target is the offender: the secret that was found, 0 if none.
	 */
	__u64 target_start_ns;
	__u32 offender_tgid;
	__u32 target_tgid;
	__u32 vector;
	__u32 outcome; /* enum ct_outcome */
};

struct ct_repeat {
	__u64 repeated; /* attempts that made no event of their own; only grows */
	__u64 last_ns;	/* CLOCK_BOOTTIME of the last one */
	__u32 told_to;	/* ct_settings.listener when it last made an event */
	__u32 pad;
};

/* Map "settings": array of 1. */
struct ct_settings {
	__u32 node_guards_always; /* 0: node-wide vectors sleep while nothing is protected */
	__u32 report_allowed;	  /* 1: an event also for what an allow list let pass */
	__u32 uprobe_flag;	  /* TRACE_EVENT_FL_UPROBE of this kernel; 0: not known */
	__u32 listener;		  /* of each agent another: what was told to one before is told anew */
};

/* Map "authority": array of 1. Only user space reads it. */
struct ct_authority {
	__u64 serial;	 /* of the configuration that is in force */
	__u8 key[32];	 /* Ed25519 public key; all zero: there is no authority */
	__u8 digest[32]; /* SHA-256 of that configuration's file */
};

#include "abi_scope.h"

#endif
