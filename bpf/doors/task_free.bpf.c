/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The last reference to a task is gone and its memory is about to be reused: its address leaves the scope.
 * Failure direction: a missed call leaves an entry behind, and the next task at that address would be a member of that
 * group. task_alloc removes it before the new task can be seen.
 */
#include "../scope.h"
#include "../task.h"

DOOR(task_free, struct task_struct *task)
{
	if (scope_remove(address_of(task)) & CT_ROLE_CANARY)
		count(&proofs, CT_DOOR_TASK_FREE);
	return 0;
}
