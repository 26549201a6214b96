/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A directory that is made, under a name that is the kernel's own copy already. */
#include "../guards/room.h"

LEAK_ROOM(inode_mkdir);

DOOR(inode_mkdir, struct inode *dir, struct dentry *dentry)
{
	struct ct_attempt attempt = { .door = CT_DOOR_INODE_MKDIR };
	int verdict;

	guard_new_pin(dir, dentry, &attempt);
	verdict = judge_act(&attempt);
	if (verdict)
		return verdict;
	if (may_leak_name(dir, &attempt))
		ENTER_ROOM(CT_VECTOR_LEAK_NAME, inode_mkdir);
	return judge_act(&attempt);
}
