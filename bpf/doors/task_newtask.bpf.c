/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The end of copy_process(): the child has its control group and its pid, and has not run. One that clone3() puts into
 * a protected control group comes in scope here, and so does one whose parent did between task_alloc and now.
 * Failure direction: what is missed here, or finds no room, is caught at its exec.
 */
#include "../cgroups.h"

#define CLONE_THREAD	  0x00010000
#define CLONE_INTO_CGROUP 0x200000000ULL

TRACE_DOOR(task_newtask, struct task_struct *task, __u64 clone_flags)
{
	struct ct_scope *parent, *entry;
	__u64 child = address_of(task);
	__u32 role;

	if (clone_flags & CLONE_INTO_CGROUP && any_cgroup_protected())
		ct_enter((__u64)TASK_READ(child, group_leader), cgroup_of(child), true);
	if (clone_flags & CLONE_THREAD)
		return 0;
	parent = scope_of(leader_at_hand());
	if (!parent)
		return 0;
	role = parent->role & (CT_ROLE_PROTECTED | CT_ROLE_CANARY);
	if (!(role & CT_ROLE_PROTECTED))
		return 0;
	if (role & CT_ROLE_CANARY)
		count(&proofs, CT_DOOR_TASK_NEWTASK);
	entry = scope_of(child);
	if (!entry) {
		scope_inherit(child, parent, role);
	} else if (!(clone_flags & CLONE_INTO_CGROUP) && entry->way != parent->way) {
		/* The parent was put into a control group since task_alloc, and the child is where the parent is. */
		entry->also = parent->also;
		entry->place = parent->place;
		entry->way = parent->way;
	}
	return 0;
}
