/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A nice value is about to change, by setpriority or nice. */
#include "../guards/agent_cgroup.h"

DOOR(task_setnice, struct task_struct *task, int nice)
{
	struct ct_attempt attempt = { .door = CT_DOOR_TASK_SETNICE };

	guard_starving(task, CT_STARVE_ROAD_NICE, nice, &attempt);
	return decide(&attempt);
}
