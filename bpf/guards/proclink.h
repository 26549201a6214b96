/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * proc_fd, proc_root: walking through the links of /proc/PID, which lead to the file itself and past every path check.
 * What only asks for names or sizes (ls, lsof, readlink, stat) passes; it is told apart by its system call.
 */
#ifndef CT_GUARD_PROCLINK_H
#define CT_GUARD_PROCLINK_H

#include "procfs.h"

/* Nothing comes back from them but facts. */
static __always_inline bool only_looks_64(__s32 nr)
{
	switch (nr & ~X32_BIT) {
	case LOOK_CALLS: return true;
	}
	return false;
}

static __always_inline bool only_looks_32(__s32 nr)
{
	switch (nr) {
	case LOOK_CALLS_32: return true;
	}
	return false;
}

/* An io_uring worker's call is unknown (-1): it counts as an attempt. */
static __always_inline bool only_looks(const struct ct_syscall *call)
{
	if (call->nr < 0)
		return false;
	return call->compat ? only_looks_32(call->nr) : only_looks_64(call->nr);
}

static __always_inline __u32 link_vector(struct dentry *dentry)
{
	struct ct_short_name name, above;

	if (!short_name(LOAD(dentry, d_parent), &above))
		return CT_VECTOR_NONE;
	if (NAME_IS(&above, "fd") || NAME_IS(&above, "map_files"))
		return CT_VECTOR_PROC_FD;
	if (short_name(dentry, &name) && (NAME_IS(&name, "root") || NAME_IS(&name, "cwd")))
		return CT_VECTOR_PROC_ROOT;
	return CT_VECTOR_NONE;
}

static __always_inline void guard_link(struct dentry *dentry, struct inode *inode, bool lockless,
				       struct ct_attempt *attempt)
{
	__u32 vector = link_vector(dentry);
	struct ct_scope *its = NULL;
	struct ct_syscall call;

	if (vector == CT_VECTOR_NONE)
		return;
	attempt->target = procfs_task(inode);
	if (attempt->target)
		its = scope_of((__u64)TASK_READ(attempt->target, group_leader));
	if (!its)
		return;
	current_syscall(&call);
	if (only_looks(&call))
		return;
	/* io_uring tries without locks, cannot pass here that way, and hands the walk to a worker: reported there. */
	if (lockless && call.nr == NR_IO_URING_ENTER && mode_on(its, vector) != CT_MODE_ENFORCE)
		return;
	attempt->vector = vector;
	attempt->arg[0] = TASK_READ(attempt->target, pid);
	attempt->name = BPF_CORE_READ(dentry, d_name.name);
}

#endif
