/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An extended attribute that is set. Where its value is among the arguments depends on the kernel: the room knows. */
#include "../guards/room.h"

LEAK_ROOM(inode_setxattr);

DOOR(inode_setxattr, void *first)
{
	struct ct_attempt attempt = { .door = CT_DOOR_INODE_SETXATTR };

	if (may_leak(CT_VECTOR_LEAK_NAME, &attempt))
		ENTER_ROOM(CT_VECTOR_LEAK_NAME, inode_setxattr);
	return judge_act(&attempt);
}
