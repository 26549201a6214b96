/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * leak_write: what a write is about to write. The calls that bring memory of the caller here are known by number; what
 * the kernel writes of its own meanwhile (a file copied up, what sendfile moves) is none of it.
 */
#include "../leak/written.h"

ROOM(file_permission, struct file *file, int mask)
{
	struct ct_leak_source from = {};
	struct ct_leak_goal goal = {};
	struct ct_leak_call call;

	if (ct_leak_is_written_clean())
		return 0;
	/* A socket's bytes are looked at where they are sent. */
	if (!file_goal(file, &goal))
		return 0;
	leak_call(&call);
	switch (written_by(&call, &from)) {
	case WRITES_NOTHING: return 0;
	case WRITES_UNSEEN: return not_looked_at_in_ring(CT_VECTOR_LEAK_WRITE, CT_DOOR_FILE_PERMISSION);
	}
	return look_at(&from, &goal, CT_VECTOR_LEAK_WRITE, CT_DOOR_FILE_PERMISSION);
}
