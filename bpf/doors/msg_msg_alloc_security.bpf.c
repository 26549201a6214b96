/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A message for a System V or POSIX queue; of the second kind no other hook sees it. */
#include "../guards/room.h"

LEAK_ROOM(msg_msg_alloc_security);

DOOR(msg_msg_alloc_security, struct msg_msg *msg)
{
	struct ct_attempt attempt = { .door = CT_DOOR_MSG_MSG_ALLOC_SECURITY };

	if (may_leak(CT_VECTOR_LEAK_IPC, &attempt))
		ENTER_ROOM(CT_VECTOR_LEAK_IPC, msg_msg_alloc_security);
	return judge_act(&attempt);
}
