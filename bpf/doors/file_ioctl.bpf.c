/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Questions put to a file, which no read shows: PROCMAP_QUERY on maps, PAGEMAP_SCAN on pagemap; orders to a
 * userfaultfd.
 */
#include "../guards/stale.h"
#include "../guards/userfault.h"

DOOR(file_ioctl, struct file *file)
{
	struct inode *inode = LOAD(file, f_inode);
	unsigned long magic = LOAD(inode, i_sb, s_magic);

	if (magic != PROC_SUPER_MAGIC) {
		/* Virtual machines run by such orders. */
		if (magic != ANON_INODE_FS_MAGIC || !may_be_in_scope(leader_at_hand()))
			return 0;
	}

	struct ct_attempt attempt = { .door = CT_DOOR_FILE_IOCTL };

	if (magic == PROC_SUPER_MAGIC)
		guard_layout_ioctl(file, inode, &attempt);
	else
		guard_userfault_use(file, &attempt);
	return judge_act(&attempt);
}
