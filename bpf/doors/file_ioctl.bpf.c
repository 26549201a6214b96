/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Questions put to a file, which no read shows: PROCMAP_QUERY on maps, PAGEMAP_SCAN on pagemap; orders to a
 * userfaultfd.
 */
#include "../guards/stale.h"
#include "../guards/userfault.h"

DOOR(file_ioctl, struct file *file)
{
	struct ct_attempt attempt = { .door = CT_DOOR_FILE_IOCTL };
	struct inode *inode = LOAD(file, f_inode);

	switch (LOAD(inode, i_sb, s_magic)) {
	case PROC_SUPER_MAGIC: guard_layout_ioctl(file, inode, &attempt); break;
	case ANON_INODE_FS_MAGIC: guard_userfault_use(file, &attempt); break;
	default: return 0;
	}
	return judge_act(&attempt);
}
