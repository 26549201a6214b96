/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every prctl(): only the name that a thread gives itself is looked at, since everybody reads it in /proc. */
#include "../guards/room.h"

LEAK_ROOM(task_prctl);

#define PR_SET_NAME 15

DOOR(task_prctl, int option)
{
	struct ct_attempt attempt = { .door = CT_DOOR_TASK_PRCTL };

	if (option != PR_SET_NAME)
		return 0;
	if (may_leak(CT_VECTOR_LEAK_NAME, &attempt))
		ENTER_ROOM(CT_VECTOR_LEAK_NAME, task_prctl);
	return judge_act(&attempt);
}
