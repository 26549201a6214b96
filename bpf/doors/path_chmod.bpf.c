/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Permission bits of a file are about to change. Those of pinned links are what makes the kernel ask before it gives
 * one out. */
#include "../guards/pin_remove.h"

DOOR(path_chmod, const struct path *path)
{
	struct dentry *dentry = LOAD(path, dentry);

	if (LOAD(dentry, d_inode, i_sb, s_magic) != BPF_FS_MAGIC)
		return 0;
	struct ct_attempt attempt = { .door = CT_DOOR_PATH_CHMOD };
	guard_pin(CT_PIN_ROAD_CHMOD, dentry, &attempt);
	return decide(&attempt);
}
