/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* leak_name: a further name. */
#include "../leak/name.h"

ROOM(inode_link, struct dentry *old_dentry, struct inode *dir, struct dentry *new_dentry)
{
	return look_at_name(new_dentry, CT_DOOR_INODE_LINK);
}
