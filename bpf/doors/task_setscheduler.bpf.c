/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Scheduling class, processors, and the processors of a control group that somebody is moved to. */
#include "../guards/agent_cgroup.h"

DOOR(task_setscheduler, struct task_struct *task)
{
	struct ct_attempt attempt = { .door = CT_DOOR_TASK_SETSCHEDULER };

	guard_starving(task, CT_STARVE_ROAD_SCHEDULER, 0, &attempt);
	return decide(&attempt);
}
