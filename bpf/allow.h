/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The allow list: who may, by executable, control group and user. An entry counts only while the executable's change
 * time is that of the file whose contents were checked. An executable or control group that cannot be read, or lies too
 * deep, is not allowed. A user that cannot be read would be root: a task's own credentials can be.
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
	__u32 pad;
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
	change_time((__u64)inode, &who->ctime_sec, &who->ctime_nsec);
}

/* The nearest control group, the task's own or one above it, that some entry names; 0 if none. */
__weak __noinline __u64 ct_named_cgroup(__u64 task, __u32 bank)
{
	struct ct_allow_key key = { .kind = CT_ALLOW_KIND_CGROUP_NAMED, .bank = bank };
	__u64 group = (__u64)BPF_CORE_READ((struct task_struct *)task, cgroups, dfl_cgrp);
	__u64 self = bpf_core_field_offset(struct cgroup___self, self);

	for (int level = 0; level < CT_CGROUP_LEVELS && group; level++) {
		key.cgroup = BPF_CORE_READ((struct cgroup *)group, kn, id);
		if (bpf_map_lookup_elem(&allowed, &key))
			return key.cgroup;
		group = (__u64)BPF_CORE_READ((struct cgroup___self *)group, self.parent);
		group = group ? group - self : 0;
	}
	return 0;
}

/* What the entry of that kind says of the offender, whose address is given; 0: there is none, or it does not hold. */
#define CT_LISTED	   1
#define CT_LISTED_CHILDREN 2
#define CT_LISTED_LIMITS   4

__weak __noinline int ct_listed(__u64 offender, __u64 cgroup, __u32 vector, __u32 kind, __u32 bank)
{
	struct ct_allow_key key = { .vector = vector, .kind = kind, .bank = bank };
	struct ct_offender who = {};
	struct ct_allow *entry;

	/* On the caller's own stack, which can be read. */
	bpf_probe_read_kernel(&who, sizeof(who), (void *)offender);
	if (kind & CT_ALLOW_KIND_EXE) {
		if (!who.exe_ino || !who.ctime_sec)
			return 0;
		key.exe_ino = who.exe_ino;
		key.exe_dev = who.exe_dev;
	}
	if (kind & CT_ALLOW_KIND_CGROUP) {
		if (!cgroup)
			return 0;
		key.cgroup = cgroup;
	}
	if (kind & CT_ALLOW_KIND_UID)
		key.uid = who.uid;
	entry = bpf_map_lookup_elem(&allowed, &key);
	if (!entry)
		return 0;
	if (kind & CT_ALLOW_KIND_EXE && (entry->ctime_sec != who.ctime_sec || entry->ctime_nsec != who.ctime_nsec))
		return 0;
	return CT_LISTED | (entry->children & 1) * CT_LISTED_CHILDREN | (entry->limits & 1) * CT_LISTED_LIMITS;
}

/* runc and crun enter containers as copies of themselves, which have no name or lie on a mount of their own. */
__weak __noinline int ct_is_child_of_runtime(__u64 task, __u32 bank)
{
	struct inode *inode = BPF_CORE_READ((struct task_struct *)task, mm, exe_file, f_inode);
	struct ct_offender parent;
	__u32 listed;

	look_at_offender((__u64)TASK_READ(task, real_parent), &parent);
	listed = ct_listed(address_of(&parent), 0, CT_VECTOR_NS_ENTER, CT_ALLOW_KIND_EXE, bank);
	if (!listed)
		listed = ct_listed(address_of(&parent), 0, CT_VECTOR_NONE, CT_ALLOW_KIND_EXE, bank);
	return listed & CT_LISTED_CHILDREN || (listed && inode && !BPF_CORE_READ(inode, i_nlink));
}

/*
 * own, all: ct_policy.allow_kinds of the vector and of all vectors. Kinds that no entry has cost nothing. This and what
 * it calls are global functions, which the verifier looks at once and by itself: inlined, each of their answers would
 * be followed through the rest of each door. As ct_listed(), of the entry that lets most pass.
 */
__weak __noinline int ct_is_on_list(__u64 task, __u32 vector, __u32 own, __u32 all, __u32 bank)
{
	struct ct_offender who;
	__u64 cgroup = 0;
	int found = 0, listed;

	look_at_offender(task, &who);
	if ((own | all) & (1 << 2 | 1 << 3 | 1 << 6 | 1 << 7))
		cgroup = ct_named_cgroup(task, bank);
	for (int kind = 1; kind < CT_ALLOW_KIND_CGROUP_NAMED; kind++) {
		listed = own >> kind & 1 ? ct_listed(address_of(&who), cgroup, vector, kind, bank) : 0;
		if (listed && !(listed & CT_LISTED_LIMITS))
			return listed;
		found |= listed;
		if (all >> kind & 1 && ct_listed(address_of(&who), cgroup, CT_VECTOR_NONE, kind, bank))
			return CT_LISTED;
	}
	return found;
}

/* 0, or CT_LISTED and with it what the entry restricts. */
static __always_inline int allowed_as(__u64 task, __u32 vector, const struct ct_policy *own,
				      const struct ct_policy *all, __u32 bank)
{
	int listed;

	if (!(own->allow_kinds | all->allow_kinds))
		return 0;
	listed = ct_is_on_list(task, vector, own->allow_kinds, all->allow_kinds, bank);
	if (listed)
		return listed;
	return vector == CT_VECTOR_NS_ENTER && ct_is_child_of_runtime(task, bank) ? CT_LISTED : 0;
}

#endif
