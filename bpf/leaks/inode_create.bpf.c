/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* leak_name: a new file. */
#include "../leak/name.h"

ROOM(inode_create, struct inode *dir, struct dentry *dentry)
{
	return look_at_name(dentry, CT_DOOR_INODE_CREATE);
}
