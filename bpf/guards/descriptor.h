/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ns_enter: a namespace of a protected process that the caller is not in itself, by its file or by a pidfd.
 * process_madvise: the kernel asks for CAP_SYS_NICE when the memory is not the caller's own, on every kernel and for
 * every caller, while its ptrace check is passed by a holder of CAP_PERFMON from 6.14 on. The target is behind the
 * pidfd, which a second thread of the caller may exchange between the kernel's look and ours: a race that is left.
 */
#ifndef CT_GUARD_DESCRIPTOR_H
#define CT_GUARD_DESCRIPTOR_H

#include "../local_maps.h"
#include "../namespaces.h"
#include "bpf_tamper.h"
#include "procfs.h"
#include "way_back.h"

#define CAP_SYS_ADMIN 21
#define CAP_SYS_NICE  23
#define NSFS_MAGIC    0x6e736673
#define PIDFS_MAGIC   0x50494446

/* The task behind a pidfd; 0 if it is gone, or if the file is something else. */
static __always_inline __u64 pidfd_task(struct file *file)
{
	unsigned long magic;

	if (!file)
		return 0;
	magic = BPF_CORE_READ(file, f_inode, i_sb, s_magic);
	if (magic == PIDFS_MAGIC)
		return task_of_pid(BPF_CORE_READ(file, f_inode, i_private));
	/* Before pidfs. The caller has checked by the system call that the file is a pidfd. */
	if (magic == ANON_INODE_FS_MAGIC)
		return task_of_pid(BPF_CORE_READ(file, private_data));
	return 0;
}

static __always_inline void guard_madvise(const struct ct_syscall *call, struct ct_attempt *attempt)
{
	attempt->target = pidfd_task(file_of_descriptor((__u32)call->arg0));
	if (!attempt->target)
		return;
	attempt->arg[0] = TASK_READ(attempt->target, pid);
	attempt->vector = CT_VECTOR_PROCESS_MADVISE;
}

/*
 * The number alone proves nothing: the kernel gives it to the next namespace as soon as it is free. So the process that
 * the census met there must still be protected and still be in it. If that one has left and others of its workload
 * have not, the namespace can be entered until the next pass.
 */
static __always_inline void guard_namespace(__u32 inum, struct ct_attempt *attempt)
{
	struct ct_namespace *known = bpf_map_lookup_elem(&namespaces, &inum);
	struct ct_scope *entry;

	/* A thread of a process that is in it adds nothing by going there itself. */
	if (!known || is_in_namespace(current_task(), inum) || is_in_namespace(current_leader(), inum))
		return;
	entry = scope_of(known->leader);
	if (!entry || !(entry->role & (CT_ROLE_PROTECTED | CT_ROLE_AGENT)) || !is_in_namespace(known->leader, inum))
		return;
	attempt->target = known->leader;
	attempt->arg[0] = inum;
	attempt->vector = CT_VECTOR_NS_ENTER;
}

static __always_inline void guard_namespace_file(struct file *file, struct inode *inode, struct ct_attempt *attempt)
{
	guard_namespace(LOAD(inode, i_ino), attempt);
	note_way_back(file, LOAD(inode, i_ino));
}

/*
 * The kernel asks twice for one setns(), for the namespace's owner and for the caller's. Where the first answer lets
 * it go on, the second is the same attempt. A caller that tries again within the time is counted once. One that could
 * not be noted is told twice.
 */
static __always_inline bool asked_before(void)
{
	__u64 task = current_task(), now = bpf_ktime_get_boot_ns();
	__u64 *last = bpf_map_lookup_elem(&last_setns, &task);

	if (last && now - *last < 50000000)
		return true;
	bpf_map_update_elem(&last_setns, &task, &now, BPF_ANY);
	return false;
}

static __always_inline void guard_setns(const struct ct_syscall *call, struct ct_attempt *attempt)
{
	struct file *file = file_of_descriptor((__u32)call->arg0);
	struct ct_scope *target;

	if (!file)
		return;
	if (BPF_CORE_READ(file, f_inode, i_sb, s_magic) == NSFS_MAGIC) {
		if (is_way_back(file))
			return;
		guard_namespace(BPF_CORE_READ(file, f_inode, i_ino), attempt);
	} else {
		attempt->target = pidfd_task(file);
		attempt->vector = attempt->target ? CT_VECTOR_NS_ENTER : CT_VECTOR_NONE;
	}
	if (attempt->vector == CT_VECTOR_NONE)
		return;
	target = scope_of((__u64)TASK_READ(attempt->target, group_leader));
	if (mode_on(target, CT_VECTOR_NS_ENTER) == CT_MODE_DETECT && asked_before())
		attempt->vector = CT_VECTOR_NONE;
}

static __always_inline void guard_descriptor(int cap, struct ct_attempt *attempt)
{
	struct ct_syscall call;

	current_syscall(&call);
	if (!call.compat)
		call.nr &= ~X32_BIT;
	if (cap == CAP_SYS_NICE && call.nr == NR_PROCESS_MADVISE)
		guard_madvise(&call, attempt);
	else if (cap == CAP_SYS_ADMIN && call.nr == (call.compat ? NR32_SETNS : NR_SETNS))
		guard_setns(&call, attempt);
}

#endif
