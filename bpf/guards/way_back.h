/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who has left a namespace and comes back to it enters nothing that it was not in: perf looks at files of containers
 * so, and network plugins of container runtimes. They open their own namespace first and return through that
 * descriptor.
 */
#ifndef CT_GUARD_WAY_BACK_H
#define CT_GUARD_WAY_BACK_H

#include "../namespaces.h"

static __always_inline struct ct_opened opened_now(void)
{
	struct ct_opened how = { .leader = current_leader(), .vector = CT_VECTOR_NS_ENTER };

	how.started_ns = TASK_READ(how.leader, start_boottime);
	return how;
}

/*
 * At each open of a namespace, guarded or not: it may hold a protected process later. Forgotten, or not noted: no way
 * back.
 */
static __always_inline void note_way_back(struct file *file, __u32 inum)
{
	struct ct_opened how = opened_now();
	__u64 key = address_of(file);

	if (is_in_namespace(current_task(), inum))
		bpf_map_update_elem(&opened, &key, &how, BPF_ANY);
	else
		bpf_map_delete_elem(&opened, &key);
}

/* Opened by this very process while it was inside; a descriptor that was handed to another is none of its own. */
static __always_inline bool is_way_back(struct file *file)
{
	struct ct_opened now = opened_now(), *how;
	__u64 key = (__u64)file;

	how = bpf_map_lookup_elem(&opened, &key);
	return how && how->vector == now.vector && how->leader == now.leader && how->started_ns == now.started_ns;
}

#endif
