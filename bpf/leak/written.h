/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which memory of the caller a write to a file is about to take, by its system call, and what the file is. */
#ifndef CT_LEAK_WRITTEN_H
#define CT_LEAK_WRITTEN_H

#include "room.h"

#define S_IFMT	 0170000
#define S_IFSOCK 0140000
#define S_IFREG	 0100000
#define S_IFDIR	 0040000
#define S_IFIFO	 0010000

enum ct_leak_writer {
	WRITES_NOTHING, /* of the caller's memory */
	WRITES_BUFFER,
	WRITES_UNSEEN, /* through io_uring: what, is not to be seen here */
};

/* false: a socket. */
static __always_inline bool file_goal(struct file *file, struct ct_leak_goal *goal)
{
	struct inode *inode = LOAD(file, f_inode);

	switch (LOAD(inode, i_mode) & S_IFMT) {
	case S_IFSOCK: return false;
	case S_IFIFO: goal->sink = CT_LEAK_SINK_PIPE; break;
	case S_IFREG:
	case S_IFDIR: goal->sink = CT_LEAK_SINK_FILE; break;
	default: goal->sink = CT_LEAK_SINK_DEVICE;
	}
	goal->object = (__u64)inode;
	goal->name = (__u64)LOAD(file, f_path.dentry, d_name.name);
	return true;
}

static __always_inline int buffer(struct ct_leak_source *from, __u64 base, __u64 size)
{
	from->base = base;
	from->size = size;
	return WRITES_BUFFER;
}

static __always_inline int array(struct ct_leak_source *from, __u32 kind, __u64 base, __u64 count, bool narrow)
{
	from->base = base;
	from->size = count;
	from->array = true;
	from->kind = kind;
	from->narrow = narrow;
	return WRITES_BUFFER;
}

static __always_inline int written_by_64(const struct ct_leak_call *call, struct ct_leak_source *from)
{
	switch (call->nr) {
	case NR_WRITE:
	case NR_PWRITE64: return buffer(from, call->arg[1], call->arg[2]);
	case WRITE_PIECES_CALLS: return array(from, LEAK_PIECES, call->arg[1], call->arg[2], call->narrow);
	case IO_SUBMIT_CALLS: return array(from, LEAK_BLOCKS, call->arg[2], call->arg[1], call->narrow);
	}
	return WRITES_NOTHING;
}

static __always_inline int written_by_32(const struct ct_leak_call *call, struct ct_leak_source *from)
{
	switch (call->nr) {
	case NR32_WRITE:
	case NR32_PWRITE64: return buffer(from, call->arg[1], call->arg[2]);
	case WRITE_PIECES_CALLS_32: return array(from, LEAK_PIECES, call->arg[1], call->arg[2], true);
	case NR32_IO_SUBMIT: return array(from, LEAK_BLOCKS, call->arg[2], call->arg[1], true);
	}
	return WRITES_NOTHING;
}

/* The frame of a polling thread of io_uring stays that of io_uring_setup. */
static __always_inline int written_by(const struct ct_leak_call *call, struct ct_leak_source *from)
{
	if (call->nr < 0 || call->nr == NR_IO_URING_SETUP || call->nr == NR_IO_URING_ENTER)
		return WRITES_UNSEEN;
	return call->compat ? written_by_32(call, from) : written_by_64(call, from);
}

#endif
