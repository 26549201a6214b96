/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A second name for a file, which would outlive the first; of a protected process it may hold a secret. */
#include "../guards/pin_remove.h"
#include "../guards/room.h"

LEAK_ROOM(inode_link);

DOOR(inode_link, struct dentry *old_dentry, struct inode *dir, struct dentry *new_dentry)
{
	if (LOAD(dir, i_sb, s_magic) != BPF_FS_MAGIC) {
		if (may_be_protected())
			ENTER_ROOM(CT_VECTOR_LEAK_NAME, inode_link);
		return 0;
	}

	struct ct_attempt attempt = { .door = CT_DOOR_INODE_LINK };

	guard_pin(CT_PIN_ROAD_LINK, old_dentry, &attempt);
	if (attempt.vector == CT_VECTOR_NONE)
		guard_new_pin(dir, new_dentry, &attempt);
	return decide(&attempt);
}
