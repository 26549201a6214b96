/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * leak_write: TIOCSTI types one character at a time into a terminal. That no secret can be seen in it is no reason to
 * let it pass: a closed road, whatever the configuration says of what cannot be looked at.
 */
#include "../leak/room.h"

__weak __noinline int ct_leak_judge_typed(void)
{
	struct ct_attempt attempt = {
		.vector = CT_VECTOR_LEAK_WRITE,
		.door = CT_DOOR_FILE_IOCTL,
		.own = true,
		.target = current_task(),
	};

	attempt.arg[1] = (__u64)CT_LEAK_REASON_UNKNOWN << CT_LEAK_ARG_REASON | (__u64)CT_LEAK_SINK_KEYBOARD
										       << CT_LEAK_ARG_SINK;
	return decide(&attempt);
}

ROOM(file_ioctl, struct file *file, unsigned int cmd)
{
	struct ct_leak_head *head = leak_head_now();

	if (!head || !head->step || !whose_secrets(head) || ct_leak_told_before(CT_VECTOR_LEAK_WRITE, 0))
		return 0;
	return answer(ct_leak_judge_typed());
}
