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

LEAK_ROOM(file_permission);

/*
 * The magic is forgotten first, as in file_open. On a stack of its own: what judges lies under judge_use()'s, and 6.1
 * gives a door and all that it calls 512 bytes.
 */
static __noinline void guard_use(struct file *from, struct inode *inode, __u32 mask, unsigned long magic,
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

/* Files at which there is something to see, whoever asks and by whatever call. */
static __always_inline bool is_looked_at(const struct file *file, int mask)
{
	struct inode *inode = LOAD(file, f_inode);
	__u16 kind = LOAD(inode, i_mode) & S_IFMT;

	if (kind == S_IFIFO)
		return mask & MAY_READ;
	if (kind != S_IFREG && kind != S_IFDIR)
		return false;
	switch (LOAD(inode, i_sb, s_magic)) {
	case PROC_SUPER_MAGIC:
	case CGROUP2_MAGIC:
	case DEBUGFS_MAGIC:
	case SECURITYFS_MAGIC: return true;
	}
	return false;
}

/* A function of its own, as is the next one, so that the way out of the door saves few registers for it. */
static BEHIND int judge_use(ct_context *ctx)
{
	struct ct_attempt attempt = { .door = CT_DOOR_FILE_PERMISSION };
	struct file *file = (void *)ARGUMENT(ctx, 1);
	int mask = ARGUMENT(ctx, 2), verdict;
	struct inode *inode = LOAD(file, f_inode);

	if ((LOAD(inode, i_mode) & S_IFMT) == S_IFIFO) {
		guard_vmspliced(address_of(LOAD(inode, i_pipe)), &attempt);
		return judge_act(&attempt);
	}
	guard_use(file, inode, mask, LOAD(inode, i_sb, s_magic), &attempt);
	verdict = decide(&attempt);
	/* io_uring tries without waiting and then asks a worker: one attempt. */
	if (attempt.vector != CT_VECTOR_NONE && !verdict && in_io_uring())
		note_opened(file, &attempt);
	return verdict;
}

static BEHIND int judge_splice(ct_context *ctx)
{
	struct ct_attempt attempt = { .door = CT_DOOR_FILE_PERMISSION };

	guard_vmspliced(ct_source_pipe(), &attempt);
	return judge_act(&attempt);
}

static BEHIND int judge_channels(ct_context *ctx)
{
	struct ct_attempt attempt = { .door = CT_DOOR_FILE_PERMISSION };

	return guard_channels((void *)ARGUMENT(ctx, 1), ARGUMENT(ctx, 2), &attempt);
}

/* Of a caller that may be protected; its own splice is looked at like everybody's. */
static __always_inline int judge_own(ct_context *ctx)
{
	int verdict = judge_channels(ctx);

	return verdict || !(ARGUMENT(ctx, 2) & MAY_WRITE) ? verdict : judge_splice(ctx);
}

static __always_inline int judge_file(ct_context *ctx)
{
	return is_looked_at((struct file *)ARGUMENT(ctx, 1), ARGUMENT(ctx, 2)) ? judge_use(ctx) : 0;
}

/* The arguments are taken anew after a call: what has to outlive one lies in a register that is saved for everybody. */
DOOR(file_permission, struct file *file, int mask)
{
	enum ct_caller caller = caller_at(mask);
	int verdict;

	if (caller == CALLER_NOBODY)
		return refusal(judge_file(ctx));
	if (caller == CALLER_SPLICES)
		verdict = judge_splice(ctx);
	else
		verdict = may_be_channel() ? judge_own(ctx) : 0;
	if (!verdict)
		verdict = judge_file(ctx);
	if (verdict)
		return refusal(verdict);
	/* What protected processes write is looked at, wherever they write it. */
	if (caller == CALLER_OWN && ARGUMENT(ctx, 2) & MAY_WRITE)
		ENTER_ROOM(CT_VECTOR_LEAK_WRITE, file_permission);
	return 0;
}
