/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* PTRACE_TRACEME, before the parent becomes the tracer. The current task is the one that will be traced. */
#include "../guards/traced.h"

DOOR(ptrace_traceme, struct task_struct *parent)
{
	struct ct_attempt attempt = { .door = CT_DOOR_PTRACE_TRACEME };

	guard_traceme(parent, &attempt);
	return decide(&attempt);
}
