/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Protection by control group: whoever is in one that user space has named, or below it, belongs to that workload.
 * Asked where tasks come in (cgroup_attach_task, task_newtask), and at every exec as the second net. Leaving the group
 * ends nothing.
 */
#ifndef CT_CGROUPS_H
#define CT_CGROUPS_H

#include "scope.h"
#include "vmlinux_rare.h"

/* Levels that are looked at, from the task's own upwards. Who enters one that lies deeper below a named one is missed.
 */
#define CT_CGROUP_DEPTH 32

static __always_inline __u64 cgroup_of(__u64 task)
{
	return (__u64)BPF_CORE_READ((struct task_struct *)task, cgroups, dfl_cgrp);
}

/* The id of the nearest named control group, the given one or one above it; 0 if there is none. As in allow.h. */
__weak __noinline __u64 ct_named_above(__u64 cgroup)
{
	__u64 self = bpf_core_field_offset(struct cgroup___self, self), id;

	for (int level = 0; level < CT_CGROUP_DEPTH && cgroup; level++) {
		id = BPF_CORE_READ((struct cgroup *)cgroup, kn, id);
		if (bpf_map_lookup_elem(&cgroups, &id))
			return id;
		cgroup = (__u64)BPF_CORE_READ((struct cgroup___self *)cgroup, self.parent);
		cgroup = cgroup ? cgroup - self : 0;
	}
	return 0;
}

static __always_inline __u32 workload_of(__u64 id)
{
	struct ct_cgroup *named = id ? bpf_map_lookup_elem(&cgroups, &id) : NULL;

	return named ? named->group : 0;
}

/* No two at one moment have one pid (22 bits), and who gets a pid again comes later. */
static __always_inline __u64 new_way(__u64 leader)
{
	return bpf_ktime_get_boot_ns() << 22 | TASK_READ(leader, tgid);
}

/*
 * Process 1 of the node puts everybody in their places: in scope it would make one workload of them all. Agent, prober
 * and canary are what they are.
 */
static __always_inline bool may_be_placed(__u64 leader, const struct ct_scope *known)
{
	if (TASK_READ(leader, tgid) == 1)
		return false;
	return !known || (known->role & ~(__u32)CT_ROLE_PROTECTED) == 0;
}

/* Who belongs to a workload already stays in it, so that nobody is moved away from a strict rule. */
static __always_inline void place(struct ct_scope *known, __u64 id, __u32 group, __u64 way)
{
	if (group != known->group && group != known->also)
		known->also = known->also ? CT_GROUP_MANY : group;
	known->place = id;
	known->way = way;
}

/*
 * Puts a process in scope if that control group asks for it, by a way of its own: whoever started it, and whatever else
 * that one started, has no right to look at it. put: it was put there just now, else it is found there, which changes
 * nothing for whom that group has a way already. 0, or -EAGAIN if it should be in scope and there is no room. A global
 * function, as in allow.h.
 */
__weak __noinline int ct_enter(__u64 leader, __u64 cgroup, __u32 put)
{
	struct ct_scope entry, *known = scope_of(leader);
	__u64 id;
	__u32 group;

	if (!may_be_placed(leader, known))
		return 0;
	id = ct_named_above(cgroup);
	group = workload_of(id);
	if (!group || (known && !put && known->place == id))
		return 0;
	if (known) {
		place(known, id, group, new_way(leader));
		return 0;
	}
	/* Not by an initializer: a constant would lie in .rodata, whose BTF 5.10 refuses, and with it all of the BTF.
	 */
	__builtin_memset(&entry, 0, sizeof(entry));
	entry.group = group;
	entry.role = CT_ROLE_PROTECTED;
	entry.place = id;
	entry.way = new_way(leader);
	return scope_put(leader, &entry);
}

#endif
