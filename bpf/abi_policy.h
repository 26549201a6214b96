/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of the ABI that says what is refused: rules per vector, rules of workloads, allow list. Part of abi.h. */
#ifndef CT_ABI_POLICY_H
#define CT_ABI_POLICY_H

/*
 * What is refused lies in two banks of which one is in force: in the arrays the bank is part of the index, in the
 * hashes part of the key. User space fills the other bank and then changes the generation, so nobody sees half of a
 * policy. Map "policy_head": array of 1.
 */
struct ct_policy_head {
	__u32 generation; /* the lowest bit is the bank in force */
	__u32 pad;
};

/* Map "policy": array of 2 * CT_VECTOR_MAX: bank * CT_VECTOR_MAX + vector. Vector 0 holds what concerns them all. */
struct ct_policy {
	__u32 mode;	   /* enum ct_mode */
	__u32 kill;	   /* 1: SIGKILL the offender when denied */
	__u32 allow_kinds; /* bit k: the allow list has entries of kind k (enum ct_allow_kind) for this vector */
	__u32 pad;
};

/* Map "group_policy": hash. */
struct ct_group_key {
	__u32 group; /* 0: every workload without an entry of its own */
	__u32 bank;
};

/* Bit n is vector n. */
struct ct_group_policy {
	__u64 own; /* this workload has a rule of its own; else that of "policy" holds */
	__u64 detect;
	__u64 enforce; /* neither: off */
	__u64 kill;
	__u32 members_may_inspect; /* 1: its processes may do to one another what the guards would refuse */
	__u32 egress;		   /* 1: "leak_sinks" has the list of where it may connect and send to */
};

/* What an allow-list entry asks of the offender, a bit set: all of it must be so. */
enum ct_allow_kind {
	CT_ALLOW_KIND_EXE = 1,
	CT_ALLOW_KIND_CGROUP = 2,
	CT_ALLOW_KIND_UID = 4,
	CT_ALLOW_KIND_CGROUP_NAMED = 8, /* alone; no entry: says only that entries name this control group */
};

/* Map "allowed": hash. A match lets the operation pass. What an entry does not ask for is 0. */
struct ct_allow_key {
	__u64 exe_ino;
	__u64 cgroup;  /* cgroup v2 id; groups below it count too */
	__u32 exe_dev; /* kernel-internal dev_t */
	__u32 uid;     /* real, in the initial user namespace */
	__u16 vector;  /* 0: every vector */
	__u8 kind;     /* enum ct_allow_kind */
	__u8 bank;
	__u32 pad;
};

/* The executable's change time when its contents were checked: whoever writes to the file changes it. */
struct ct_allow {
	__u64 ctime_sec;
	__u32 ctime_nsec;
	__u16 children; /* 1: direct children of such a process too (ns_enter) */
	__u16 limits;	/* 1: of coredump_limits the limits alone, not what a core dump holds */
};

#endif
