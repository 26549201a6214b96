/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The allow list: who may, by executable, control group and user. An entry counts only while the executable's change
 * time is that of the file whose contents were checked. What cannot be read, or lies too deep, is not allowed.
 */
#ifndef CT_ALLOW_H
#define CT_ALLOW_H

#include "scope.h"
#include "task.h"
#include "vmlinux_rare.h"

/* Levels of control groups that are looked at, from the offender's own upwards. */
#define CT_CGROUP_LEVELS 16

/* From 6.13 on the kernel keeps a mark of its own in the nanoseconds. */
#define CTIME_NSEC_MASK 0x3fffffff

struct ct_offender {
	__u64 exe_ino;
	__u64 ctime_sec;
	__u32 ctime_nsec;
	__u32 exe_dev;
	__u32 uid;
	__u32 links; /* of the executable; 0: it has no name any more */
};

/* 0 and 0 on a kernel that keeps the time under a name that we do not know: no executable is allowed then. */
static __always_inline void change_time(__u64 inode, __u64 *sec, __u32 *nsec)
{
	struct inode___6_11 *fresh = (void *)inode;
	struct inode___6_6 *middle = (void *)inode;
	struct inode___5 *old = (void *)inode;

	*sec = 0;
	*nsec = 0;
	if (bpf_core_field_exists(fresh->i_ctime_sec)) {
		*sec = BPF_CORE_READ(fresh, i_ctime_sec);
		*nsec = BPF_CORE_READ(fresh, i_ctime_nsec) & CTIME_NSEC_MASK;
	} else if (bpf_core_field_exists(middle->__i_ctime)) {
		*sec = BPF_CORE_READ(middle, __i_ctime.tv_sec);
		*nsec = BPF_CORE_READ(middle, __i_ctime.tv_nsec);
	} else if (bpf_core_field_exists(old->i_ctime)) {
		*sec = BPF_CORE_READ(old, i_ctime.tv_sec);
		*nsec = BPF_CORE_READ(old, i_ctime.tv_nsec);
	}
}

static __always_inline void look_at_offender(__u64 task, struct ct_offender *who)
{
	struct inode *inode = BPF_CORE_READ((struct task_struct *)task, mm, exe_file, f_inode);

	__builtin_memset(who, 0, sizeof(*who));
	who->uid = BPF_CORE_READ((struct task_struct *)task, cred, uid.val);
	if (!inode)
		return;
	who->exe_ino = BPF_CORE_READ(inode, i_ino);
	who->exe_dev = BPF_CORE_READ(inode, i_sb, s_dev);
	who->links = BPF_CORE_READ(inode, i_nlink);
	change_time((__u64)inode, &who->ctime_sec, &who->ctime_nsec);
}

/* The nearest control group, the task's own or one above it, that some entry names; 0 if none. */
static __always_inline __u64 named_cgroup(__u64 task, __u8 bank)
{
	struct ct_allow_key key = { .kind = CT_ALLOW_KIND_CGROUP_NAMED, .bank = bank };
	struct cgroup *group = BPF_CORE_READ((struct task_struct *)task, cgroups, dfl_cgrp);
	struct cgroup_subsys_state *above;

#pragma unroll
	for (int level = 0; level < CT_CGROUP_LEVELS; level++) {
		key.cgroup = BPF_CORE_READ(group, kn, id);
		if (bpf_map_lookup_elem(&allowed, &key))
			return key.cgroup;
		above = BPF_CORE_READ((struct cgroup___self *)group, self.parent);
		if (!above)
			return 0;
		group = BPF_CORE_READ(above, cgroup);
	}
	return 0;
}

static __always_inline struct ct_allow *allow_entry(const struct ct_offender *who, __u64 cgroup, __u16 vector,
						    __u8 kind, __u8 bank)
{
	struct ct_allow_key key = { .vector = vector, .kind = kind, .bank = bank };
	struct ct_allow *entry;

	if (kind & CT_ALLOW_KIND_EXE) {
		if (!who->exe_ino || !who->ctime_sec)
			return NULL;
		key.exe_ino = who->exe_ino;
		key.exe_dev = who->exe_dev;
	}
	if (kind & CT_ALLOW_KIND_CGROUP) {
		if (!cgroup)
			return NULL;
		key.cgroup = cgroup;
	}
	if (kind & CT_ALLOW_KIND_UID)
		key.uid = who->uid;
	entry = bpf_map_lookup_elem(&allowed, &key);
	if (!entry)
		return NULL;
	if (kind & CT_ALLOW_KIND_EXE && (entry->ctime_sec != who->ctime_sec || entry->ctime_nsec != who->ctime_nsec))
		return NULL;
	return entry;
}

/* runc and crun enter containers as copies of themselves, which have no name or lie on a mount of their own. */
static __always_inline bool child_of_runtime(__u64 task, const struct ct_offender *who, __u8 bank)
{
	struct ct_offender parent;
	struct ct_allow *entry;

	look_at_offender((__u64)TASK_READ(task, real_parent), &parent);
	entry = allow_entry(&parent, 0, CT_VECTOR_NS_ENTER, CT_ALLOW_KIND_EXE, bank);
	if (!entry)
		entry = allow_entry(&parent, 0, CT_VECTOR_NONE, CT_ALLOW_KIND_EXE, bank);
	return entry && (entry->children || !who->links);
}

/* own, all: ct_policy.allow_kinds of the vector and of all vectors. Kinds that no entry has cost nothing. */
static __always_inline bool is_on_list(__u64 task, __u16 vector, __u32 own, __u32 all, __u8 bank)
{
	struct ct_offender who;
	__u64 cgroup = 0;
	int kind;

	if (!(own | all))
		return false;
	look_at_offender(task, &who);
	if ((own | all) & (1 << 2 | 1 << 3 | 1 << 6 | 1 << 7))
		cgroup = named_cgroup(task, bank);
#pragma unroll
	for (kind = 1; kind < CT_ALLOW_KIND_CGROUP_NAMED; kind++) {
		if (own >> kind & 1 && allow_entry(&who, cgroup, vector, kind, bank))
			return true;
		if (all >> kind & 1 && allow_entry(&who, cgroup, CT_VECTOR_NONE, kind, bank))
			return true;
	}
	return vector == CT_VECTOR_NS_ENTER && child_of_runtime(task, &who, bank);
}

#endif
