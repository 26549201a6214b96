/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Protection follows fork, vfork and clone: copy_process() asks here before the child has a pid or can be seen by
 * anybody, so there is no moment at which a protected process has an unprotected child. Threads share their leader.
 * Failure direction: no room in the map, or none left for this workload, refuses the fork.
 */
#include "../scope.h"
#include "../task.h"

#define CLONE_THREAD 0x00010000

DOOR(task_alloc, struct task_struct *task, unsigned long clone_flags)
{
	struct ct_scope *parent;
	__u64 child;
	__u32 role;

	if (clone_flags & CLONE_THREAD)
		return 0;
	child = address_of(task);
	/* An entry at a new task's address is one that a missed task_free left behind: it ends here. */
	scope_remove(child);
	parent = scope_of(current_leader());
	if (!parent)
		return 0;
	role = parent->role & (CT_ROLE_PROTECTED | CT_ROLE_CANARY);
	if (!(role & CT_ROLE_PROTECTED))
		return 0;
	if (role & CT_ROLE_CANARY)
		count(&proofs, CT_DOOR_TASK_ALLOC);
	if (!has_share(parent))
		return -EAGAIN;
	return scope_inherit(child, parent, role);
}
