/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that is made: open(O_CREAT), mq_open, a pin in bpffs. Its name is the kernel's own copy already. */
#include "../guards/room.h"

LEAK_ROOM(inode_create);

DOOR(inode_create, struct inode *dir, struct dentry *dentry)
{
	struct ct_attempt attempt = { .door = CT_DOOR_INODE_CREATE };
	int verdict;

	guard_new_pin(dir, dentry, &attempt);
	verdict = judge_act(&attempt);
	if (verdict)
		return verdict;
	if (may_leak_name(dir, &attempt))
		ENTER_ROOM(CT_VECTOR_LEAK_NAME, inode_create);
	return judge_act(&attempt);
}
