/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * procmem_stale_fd, and the other procfs vectors by a descriptor that passed no guard when it was opened: before
 * protection began, or by somebody else who handed it on. What file_open judged and let pass for this very process
 * (detect mode, allow list) is not an attempt again, unless the rule has become stricter since.
 */
#ifndef CT_GUARD_STALE_H
#define CT_GUARD_STALE_H

#include "procfs.h"

/* Each open of a guarded file makes an entry or clears one, so that no closed file's entry speaks for another. */
static __always_inline void note_opened(struct file *file, const struct ct_attempt *attempt)
{
	struct ct_opened how = { .leader = current_leader(), .vector = attempt->vector };
	struct ct_scope *target = NULL, *me = NULL;
	__u64 key = address_of(file);

	how.started_ns = TASK_READ(how.leader, start_boottime);
	if (attempt->vector == CT_VECTOR_NONE)
		return;
	if (attempt->target) {
		target = scope_of((__u64)TASK_READ(attempt->target, group_leader));
		if (target)
			me = scope_of(how.leader);
		if (target && may_inspect(current_task(), me, attempt->target, target))
			target = NULL;
	}
	if (attempt->target ? target != NULL : anything_protected())
		bpf_map_update_elem(&opened, &key, &how, BPF_ANY);
	else
		bpf_map_delete_elem(&opened, &key);
}

static __always_inline bool in_io_uring(void)
{
	struct ct_syscall call;

	current_syscall(&call);
	return call.nr == SYSCALL_IO_URING_ENTER;
}

static __always_inline bool judged_at_open(struct file *file, __u64 target)
{
	__u64 key = address_of(file);
	struct ct_opened *how = bpf_map_lookup_elem(&opened, &key);

	if (!how || how->leader != current_leader() || how->started_ns != TASK_READ(how->leader, start_boottime))
		return false;
	return is_let_pass(how->vector, group_of(target));
}

/* mask: MAY_WRITE is the same bit as FMODE_WRITE. */
static __always_inline __u32 stale_vector(const struct ct_short_name *name, __u32 mask, bool *of_process)
{
	__u32 vector;

	*of_process = true;
	if (NAME_IS(name, "mem") || NAME_IS(name, "environ"))
		return CT_VECTOR_PROCMEM_STALE_FD;
	vector = layout_vector(name);
	if (vector == CT_VECTOR_NONE)
		vector = tamper_vector(name, mask);
	if (vector != CT_VECTOR_NONE)
		return vector;
	*of_process = false;
	return node_file_vector(name, mask);
}

/* As procfs_attempt(). A thread may be gone and its process not: /proc/P/task/T/FILE then still leads to P's memory. */
static __always_inline bool stale_attempt(struct file *file, struct inode *inode, bool of_process,
					  struct ct_attempt *attempt)
{
	struct dentry *dentry = LOAD(file, f_path.dentry);
	struct inode *above;

	if (procfs_attempt(file, inode, of_process, attempt))
		return true;
	above = BPF_CORE_READ(dentry, d_parent, d_parent, d_parent, d_inode);
	attempt->target = above ? procfs_task(above) : 0;
	return attempt->target != 0;
}

static __always_inline void guard_stale(struct file *file, struct inode *inode, __u32 mask, struct ct_attempt *attempt)
{
	struct ct_short_name name;
	bool of_process;
	__u32 vector;

	if (!short_name(LOAD(file, f_path.dentry), &name))
		return;
	vector = stale_vector(&name, mask, &of_process);
	if (vector == CT_VECTOR_NONE || !stale_attempt(file, inode, of_process, attempt) ||
	    judged_at_open(file, attempt->target))
		return;
	name_road(vector, attempt);
	attempt->vector = vector;
}

/* Questions to a layout file (PROCMAP_QUERY, PAGEMAP_SCAN) pass no read. */
static __always_inline void guard_layout_ioctl(struct file *file, struct inode *inode, struct ct_attempt *attempt)
{
	struct ct_short_name name;
	__u32 vector;

	if (!short_name(LOAD(file, f_path.dentry), &name))
		return;
	vector = layout_vector(&name);
	if (vector == CT_VECTOR_NONE || !stale_attempt(file, inode, true, attempt) ||
	    judged_at_open(file, attempt->target))
		return;
	attempt->vector = vector;
}

#endif
