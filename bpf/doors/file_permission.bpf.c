/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every read and write of every file passes here, io_uring's too: a few loads and comparisons for all that lies on no
 * guarded file system and comes by no channel. A descriptor from before protection began meets its first guard here.
 */
#include "../guards/agent_cgroup.h"
#include "../guards/channels.h"
#include "../guards/hooks_off.h"
#include "../guards/room.h"
#include "../guards/stale.h"
#include "../guards/vmsplice.h"

#define MAY_WRITE 2

LEAK_ROOM(file_permission);

/* The magic is forgotten first, as in file_open. */
static __always_inline void guard_use(struct file *from, struct inode *inode, __u32 mask, unsigned long magic,
				      struct ct_attempt *attempt)
{
	struct ct_file file;

	magic = forgotten(magic);
	read_file(from, &file);
	if (magic == PROC_SUPER_MAGIC)
		guard_stale(&file, inode, mask, attempt);
	else if (magic == CGROUP2_MAGIC)
		guard_cgroup_write(&file, mask, attempt);
	else
		guard_hooks(&file, mask, magic, attempt);
	if (attempt->vector != CT_VECTOR_NONE && judged_at_open(from, attempt->target))
		attempt->vector = CT_VECTOR_NONE;
}

DOOR(file_permission, struct file *file, int mask)
{
	struct ct_attempt attempt = { .door = CT_DOOR_FILE_PERMISSION };
	struct inode *inode = LOAD(file, f_inode);
	unsigned long magic = LOAD(inode, i_sb, s_magic);
	int verdict;

	if (may_be_channel()) {
		verdict = guard_channels(file, mask, &attempt);
		if (verdict)
			return verdict;
	}
	switch (magic) {
	case PROC_SUPER_MAGIC:
	case CGROUP2_MAGIC:
	case DEBUGFS_MAGIC:
	case SECURITYFS_MAGIC: break;
	default:
		if (mask & MAY_READ && (LOAD(inode, i_mode) & S_IFMT) == S_IFIFO) {
			guard_vmspliced(inode, &attempt);
			return judge_act(&attempt);
		}
		goto room;
	}
	if ((LOAD(inode, i_mode) & S_IFMT) != S_IFREG)
		goto room;
	guard_use(file, inode, mask, magic, &attempt);
	verdict = decide(&attempt);
	/* io_uring tries without waiting and then asks a worker: one attempt. */
	if (attempt.vector != CT_VECTOR_NONE && !verdict && in_io_uring())
		note_opened(file, &attempt);
	if (verdict)
		return verdict;
room:
	/* What protected processes write is looked at, wherever they write it. */
	if (mask & MAY_WRITE && may_be_in_scope())
		ENTER_ROOM(CT_VECTOR_LEAK_WRITE, file_permission);
	return 0;
}
