/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A process, or by cgroup.threads one thread of it, was moved into a control group, and the kernel still holds the lock
 * under which it was done: in a protected one the whole process comes in scope, or gets another way if it is. Called
 * with interrupts off, so that no call is left out.
 * Failure direction: one that finds no room is caught at its exec.
 */
#include "../cgroups.h"

/* The unified hierarchy; ids of others are numbers of their own. */
#define HIERARCHY_V2 0

TRACE_DOOR(cgroup_attach_task, struct cgroup *to, const char *path, struct task_struct *task)
{
	__u64 cgroup, moved;

	if (!any_cgroup_protected())
		return 0;
	cgroup = address_of(to);
	moved = address_of(task);
	if (BPF_CORE_READ((struct cgroup___self *)cgroup, root, hierarchy_id) != HIERARCHY_V2)
		return 0;
	if (!(TASK_READ(moved, flags) & PF_KTHREAD))
		ct_enter((__u64)TASK_READ(moved, group_leader), cgroup, true);
	return 0;
}
