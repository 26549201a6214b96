/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every read and write of every file passes here, io_uring's too: three typed loads for all that is not procfs.
 * A descriptor from before protection began meets its first guard here.
 */
#include "../guards/stale.h"

DOOR(file_permission, struct file *file, int mask)
{
	struct ct_attempt attempt = { .door = CT_DOOR_FILE_PERMISSION };
	struct inode *inode = LOAD(file, f_inode);
	int verdict;

	if (LOAD(inode, i_sb, s_magic) != PROC_SUPER_MAGIC || (LOAD(inode, i_mode) & S_IFMT) != S_IFREG)
		return 0;
	guard_stale(file, inode, mask, &attempt);
	verdict = decide(&attempt);
	/* io_uring tries without waiting and then asks a worker: one attempt. */
	if (attempt.vector != CT_VECTOR_NONE && !verdict && in_io_uring())
		note_opened(file, &attempt);
	return verdict;
}
