/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* leak_name: a new symbolic link, and what it says. */
#include "../leak/name.h"

ROOM(inode_symlink, struct inode *dir, struct dentry *dentry, const char *old_name)
{
	int verdict = look_at_name(dentry, CT_DOOR_INODE_SYMLINK);

	if (verdict)
		return answer(verdict);
	return look_at_string((__u64)old_name, true, CT_LEAK_SINK_LINK, CT_DOOR_INODE_SYMLINK);
}
