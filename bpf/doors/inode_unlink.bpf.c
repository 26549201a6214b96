/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A name is about to go, on whatever file system: out at once unless it is bpffs. */
#include "../guards/pin_remove.h"

DOOR(inode_unlink, struct inode *dir, struct dentry *dentry)
{
	if (LOAD(dir, i_sb, s_magic) != BPF_FS_MAGIC)
		return 0;
	struct ct_attempt attempt = { .door = CT_DOOR_INODE_UNLINK };
	guard_pin(CT_PIN_ROAD_UNLINK, dentry, &attempt);
	return decide(&attempt);
}
