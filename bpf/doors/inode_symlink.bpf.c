/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A symbolic link that is made: its name, and what it says. */
#include "../guards/room.h"

LEAK_ROOM(inode_symlink);

DOOR(inode_symlink, struct inode *dir, struct dentry *dentry, const char *old_name)
{
	struct ct_attempt attempt = { .door = CT_DOOR_INODE_SYMLINK };
	int verdict;

	guard_new_pin(dir, dentry, &attempt);
	verdict = judge_act(&attempt);
	if (verdict)
		return verdict;
	if (may_leak_name(dir, &attempt))
		ENTER_ROOM(CT_VECTOR_LEAK_NAME, inode_symlink);
	return judge_act(&attempt);
}
