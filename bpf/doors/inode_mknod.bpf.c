/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A node that is made: pipes, devices, unix sockets with a name. */
#include "../guards/room.h"

LEAK_ROOM(inode_mknod);

DOOR(inode_mknod, struct inode *dir, struct dentry *dentry)
{
	struct ct_attempt attempt = { .door = CT_DOOR_INODE_MKNOD };

	if (may_leak_name(dir, &attempt))
		ENTER_ROOM(CT_VECTOR_LEAK_NAME, inode_mknod);
	return judge_act(&attempt);
}
