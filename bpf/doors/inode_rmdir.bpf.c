/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A directory is about to go: one of the pins, or one on which their file system is mounted. */
#include "../guards/pin_remove.h"

DOOR(inode_rmdir, struct inode *dir, struct dentry *dentry)
{
	struct ct_attempt attempt = { .door = CT_DOOR_INODE_RMDIR };

	if (LOAD(dir, i_sb, s_magic) == BPF_FS_MAGIC)
		guard_pin(CT_PIN_ROAD_RMDIR, dentry, &attempt);
	if (attempt.vector == CT_VECTOR_NONE)
		guard_mountpoint(CT_PIN_ROAD_RMDIR, dentry, &attempt);
	return decide(&attempt);
}
