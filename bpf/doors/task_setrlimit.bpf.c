/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A limit is about to change, of the caller or of another process; reading limits does not come here. */
#include "../guards/coredump.h"

DOOR(task_setrlimit, struct task_struct *task, unsigned int resource, struct rlimit *wanted)
{
	struct ct_attempt attempt = { .door = CT_DOOR_TASK_SETRLIMIT };

	guard_limit(task, resource, wanted, &attempt);
	return decide(&attempt);
}
