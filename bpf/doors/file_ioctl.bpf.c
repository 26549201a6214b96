/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions put to a file, which no read shows: PROCMAP_QUERY on maps, PAGEMAP_SCAN on pagemap. */
#include "../guards/stale.h"

DOOR(file_ioctl, struct file *file)
{
	struct inode *inode = LOAD(file, f_inode);

	if (LOAD(inode, i_sb, s_magic) != PROC_SUPER_MAGIC)
		return 0;
	struct ct_attempt attempt = { .door = CT_DOOR_FILE_IOCTL };
	guard_layout_ioctl(file, inode, &attempt);
	return decide(&attempt);
}
