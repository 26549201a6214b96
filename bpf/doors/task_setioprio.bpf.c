/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The priority of a task at disks is about to change. */
#include "../guards/agent_cgroup.h"

DOOR(task_setioprio, struct task_struct *task, int ioprio)
{
	struct ct_attempt attempt = { .door = CT_DOOR_TASK_SETIOPRIO };

	guard_starving(task, CT_STARVE_ROAD_IOPRIO, ioprio, &attempt);
	return decide(&attempt);
}
