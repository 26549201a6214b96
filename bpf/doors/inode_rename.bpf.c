/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A rename takes a name away, and may put another in its place; an exchange shows both here too. Of a
 * protected process, the new name may hold a secret.
 */
#include "../guards/pin_remove.h"
#include "../guards/room.h"

LEAK_ROOM(inode_rename);

DOOR(inode_rename, struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir, struct dentry *new_dentry)
{
	struct ct_attempt attempt = { .door = CT_DOOR_INODE_RENAME };
	int verdict;

	if (LOAD(old_dir, i_sb, s_magic) == BPF_FS_MAGIC) {
		guard_pin(CT_PIN_ROAD_RENAME, old_dentry, &attempt);
		if (attempt.vector == CT_VECTOR_NONE)
			guard_pin(CT_PIN_ROAD_RENAME, new_dentry, &attempt);
	} else {
		guard_mountpoint(CT_PIN_ROAD_RENAME, new_dentry, &attempt);
	}
	verdict = decide(&attempt);
	if (verdict)
		return verdict;
	if (may_be_protected())
		ENTER_ROOM(CT_VECTOR_LEAK_NAME, inode_rename);
	return 0;
}
