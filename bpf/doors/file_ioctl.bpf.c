/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Questions put to a file, which no read shows: PROCMAP_QUERY on maps, PAGEMAP_SCAN on pagemap; orders to a
 * userfaultfd; and what a protected process types into a terminal for others (TIOCSTI).
 */
#include "../guards/room.h"
#include "../guards/stale.h"
#include "../guards/userfault.h"

#define TIOCSTI 0x5412

LEAK_ROOM(file_ioctl);

DOOR(file_ioctl, struct file *file, unsigned int cmd)
{
	struct inode *inode = LOAD(file, f_inode);
	unsigned long magic = LOAD(inode, i_sb, s_magic);

	if (magic != PROC_SUPER_MAGIC) {
		/* Virtual machines run by such orders. */
		if ((magic != ANON_INODE_FS_MAGIC && cmd != TIOCSTI) || !may_be_protected())
			return 0;
		if (magic != ANON_INODE_FS_MAGIC) {
			ENTER_ROOM(CT_VECTOR_LEAK_WRITE, file_ioctl);
			return 0;
		}
	}

	struct ct_attempt attempt = { .door = CT_DOOR_FILE_IOCTL };

	if (magic == PROC_SUPER_MAGIC)
		guard_layout_ioctl(file, inode, &attempt);
	else
		guard_userfault_use(file, &attempt);
	return judge_act(&attempt);
}
