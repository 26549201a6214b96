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

/* The workload of the nearest named control group, the given one or one above it; 0 if there is none. As in allow.h. */
__weak __noinline __u64 ct_group_above(__u64 cgroup)
{
	__u64 self = bpf_core_field_offset(struct cgroup___self, self), id;
	struct ct_cgroup *named;

	for (int level = 0; level < CT_CGROUP_DEPTH && cgroup; level++) {
		id = BPF_CORE_READ((struct cgroup *)cgroup, kn, id);
		named = bpf_map_lookup_elem(&cgroups, &id);
		if (named)
			return named->group;
		cgroup = (__u64)BPF_CORE_READ((struct cgroup___self *)cgroup, self.parent);
		cgroup = cgroup ? cgroup - self : 0;
	}
	return 0;
}

/*
 * Puts a process in scope if that control group asks for it. Whoever is in scope stays what it is: to move a process
 * changes no workload. 0, or -EAGAIN if it should be in scope and there is no room. A global function, as in allow.h.
 */
__weak __noinline int ct_enter(__u64 leader, __u64 cgroup)
{
	struct ct_scope entry;

	if (scope_of(leader))
		return 0;
	/* Not by an initializer: a constant would lie in .rodata, whose BTF 5.10 refuses, and with it all of the BTF.
	 */
	__builtin_memset(&entry, 0, sizeof(entry));
	entry.group = ct_group_above(cgroup);
	if (!entry.group)
		return 0;
	entry.role = CT_ROLE_PROTECTED;
	/* No two at one moment have one pid (22 bits), and who gets a pid again comes later. */
	entry.way = bpf_ktime_get_boot_ns() << 22 | TASK_READ(leader, tgid);
	return scope_put(leader, &entry);
}

#endif
