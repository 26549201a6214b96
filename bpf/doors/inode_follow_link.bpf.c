/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A path walk is about to go through a symbolic link; reading one (readlink) does not come here. Refused, the walk ends
 * with EPERM, whether it held locks or not.
 */
#include "../guards/proclink.h"

DOOR(inode_follow_link, struct dentry *dentry, struct inode *inode, bool rcu)
{
	if (LOAD(inode, i_sb, s_magic) != PROC_SUPER_MAGIC)
		return 0;
	struct ct_attempt attempt = { .door = CT_DOOR_INODE_FOLLOW_LINK };
	guard_link(dentry, inode, rcu, &attempt);
	return decide(&attempt);
}
