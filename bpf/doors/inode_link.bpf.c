/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A second name for a file, which would outlive the first. */
#include "../guards/pin_remove.h"

DOOR(inode_link, struct dentry *old_dentry, struct inode *dir)
{
	if (LOAD(dir, i_sb, s_magic) != BPF_FS_MAGIC)
		return 0;
	struct ct_attempt attempt = { .door = CT_DOOR_INODE_LINK };
	guard_pin(CT_PIN_ROAD_LINK, old_dentry, &attempt);
	return decide(&attempt);
}
