/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* leak_name: what a file, directory, node or link is to be called. A copy of the kernel's own: nobody can exchange it.
 */
#ifndef CT_LEAK_NAME_H
#define CT_LEAK_NAME_H

#include "room.h"

static __always_inline int look_at_name(struct dentry *dentry, __u32 door)
{
	struct ct_leak_source from = { .kernel_bytes = true };
	struct ct_leak_goal goal = { .sink = CT_LEAK_SINK_NAME };

	/* Since 7.x a typed pointer to bytes is no number to the verifier. */
	from.base = address_of(dentry->d_name.name);
	from.size = dentry->d_name.len;
	return look_at(&from, &goal, CT_VECTOR_LEAK_NAME, door);
}

static __always_inline int look_at_string(__u64 base, bool kernel, __u32 sink, __u32 door)
{
	struct ct_leak_source from = { .kind = LEAK_STRINGS, .kernel_bytes = kernel, .base = base };
	struct ct_leak_goal goal = { .sink = sink };

	return look_at(&from, &goal, CT_VECTOR_LEAK_NAME, door);
}

#endif
