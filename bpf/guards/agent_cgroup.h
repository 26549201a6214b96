/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * agent_cgroup: the agent killed, frozen or starved by the kernel on somebody's behalf. The file that rules its control
 * group is known by the group above the file, whatever mount, name space or bind mount leads there.
 */
#ifndef CT_GUARD_AGENT_CGROUP_H
#define CT_GUARD_AGENT_CGROUP_H

#include "../vmlinux_rare.h"
#include "stale.h"
#include "written.h"

#define CGROUP2_MAGIC 0x63677270
#define AGENT_THREADS 32

static __always_inline bool rules_group(const struct ct_short_name *name)
{
	switch (name->len) {
	case 7: return NAME_IS(name, "cpu.max");
	case 10: return NAME_IS(name, "memory.max");
	case 11: return NAME_IS(name, "cgroup.kill") || NAME_IS(name, "memory.high") || NAME_IS(name, "cpuset.cpus");
	case 13: return NAME_IS(name, "cgroup.freeze");
	}
	return false;
}

/* The control group is the agent's, or one above it. */
static __always_inline bool is_over_agent(struct cgroup *group, __u64 agent)
{
	struct cgroup *its = BPF_CORE_READ((struct task_struct *)agent, cgroups, dfl_cgrp);
	struct cgroup___5_10 *old = (void *)its;
	__u32 level = BPF_CORE_READ(group, level);
	__u64 above = 0, slots;

	if (!group || level > (__u32)BPF_CORE_READ(its, level))
		return false;
	if (bpf_core_field_exists(old->ancestor_ids)) {
		slots = (__u64)its + bpf_core_field_offset(struct cgroup___5_10, ancestor_ids);
		bpf_probe_read_kernel(&above, sizeof(above), (void *)(slots + 8 * (__u64)level));
		return above == BPF_CORE_READ(group, kn, id);
	}
	slots = (__u64)its + bpf_core_field_offset(struct cgroup, ancestors);
	bpf_probe_read_kernel(&above, sizeof(above), (void *)(slots + 8 * (__u64)level));
	return above == (__u64)group;
}

static __always_inline void guard_cgroup_file(const struct ct_file *seen, __u32 mask, struct ct_attempt *attempt)
{
	struct dentry *dentry = seen->dentry;
	struct kernfs_node *node;
	__u64 agent;

	if (!(mask & FMODE_WRITE) || !rules_group(&seen->name))
		return;
	agent = agent_leader();
	if (!agent)
		return;
	node = BPF_CORE_READ(dentry, d_parent, d_inode, i_private);
	if (!is_over_agent(BPF_CORE_READ(node, priv), agent))
		return;
	attempt->vector = CT_VECTOR_AGENT_CGROUP;
	attempt->target = agent;
	attempt->arg[0] = CT_STARVE_ROAD_CONTROL;
	attempt->name = name_of(seen->dentry);
}

/* A global function, as in allow.h. */
__weak __noinline int ct_is_thread_of(__u64 leader, __u32 tid)
{
	struct signal_struct *shared = (void *)TASK_READ(leader, signal);
	__u64 head = (__u64)shared + bpf_core_field_offset(struct signal_struct, thread_head);
	__u64 node = (__u64)BPF_CORE_READ(shared, thread_head.next), task;

	for (int i = 0; i < AGENT_THREADS; i++) {
		if (!node || node == head)
			return false;
		task = node - bpf_core_field_offset(struct task_struct, thread_node);
		if ((__u32)TASK_READ(task, pid) == tid)
			return true;
		node = (__u64)TASK_READ(task, thread_node.next);
	}
	return false;
}

/*
 * Which process is moved stands only in what is written, and is read here before the kernel reads it: a second thread
 * of the caller may exchange it in between. What cannot be read or is no plain number counts as the agent's. A caller
 * in a pid namespace of its own cannot name the agent.
 */
static __always_inline void guard_cgroup_move(const struct ct_file *seen, struct ct_attempt *attempt)
{
	__u64 agent, number = 0;
	enum ct_written written;

	if (!NAME_IS(&seen->name, "cgroup.procs") && !NAME_IS(&seen->name, "cgroup.threads"))
		return;
	agent = agent_leader();
	if (!agent || BPF_CORE_READ((struct task_struct *)current_task(), thread_pid, level))
		return;
	written = written_number(&number);
	if (written == WRITTEN_NOTHING || (written == WRITTEN_NUMBER && !ct_is_thread_of(agent, number)))
		return;
	attempt->vector = CT_VECTOR_AGENT_CGROUP;
	attempt->target = agent;
	attempt->arg[0] = CT_STARVE_ROAD_MOVE;
	attempt->arg[1] = number;
	attempt->name = name_of(seen->dentry);
}

/* A write, through whatever descriptor. */
static __always_inline void guard_cgroup_write(const struct ct_file *seen, __u32 mask, struct ct_attempt *attempt)
{
	if (!(mask & FMODE_WRITE))
		return;
	guard_cgroup_file(seen, mask, attempt);
	if (attempt->vector == CT_VECTOR_NONE)
		guard_cgroup_move(seen, attempt);
}

static __always_inline void guard_starving(struct task_struct *task, __u32 road, __u32 value,
					   struct ct_attempt *attempt)
{
	attempt->vector = CT_VECTOR_AGENT_CGROUP;
	attempt->target = address_of(task);
	attempt->arg[0] = road;
	attempt->arg[1] = value;
}

#endif
