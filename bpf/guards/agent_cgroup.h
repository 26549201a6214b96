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

#define CGROUP2_MAGIC  0x63677270
#define AGENT_THREADS  32
#define AGENT_CHILDREN 16

/* What can be done with a file of a control group. */
enum ct_group_file { GROUP_FILE_OTHER, GROUP_FILE_RULES, GROUP_FILE_MOVES };

#define BEGINS(name, literal)                                                                                          \
	({                                                                                                             \
		__u64 low_ = 0;                                                                                        \
		const __u32 n_ = sizeof(literal) - 1;                                                                  \
		__builtin_memcpy(&low_, literal, n_);                                                                  \
		((name)->low & ((1ULL << (8 * n_)) - 1)) == low_;                                                      \
	})

/* Every limit and weight of these, also those that a later kernel adds; but not who only wants to be told. */
static __always_inline bool is_limit(const struct ct_short_name *name)
{
	if (!BEGINS(name, "cpu.") && !BEGINS(name, "cpuset.") && !BEGINS(name, "io.") && !BEGINS(name, "memory.") &&
	    !BEGINS(name, "pids."))
		return false;
	return !NAME_IS(name, "cpu.pressure") && !NAME_IS(name, "io.pressure") && !NAME_IS(name, "memory.pressure") &&
	       !NAME_IS(name, "memory.peak");
}

/*
 * By the name of the file's own node: a dentry that open_by_handle_at() makes of a file which the kernel had forgotten
 * has neither a name nor a parent. A global function, as in allow.h.
 */
__weak __noinline int ct_group_file(__u64 node)
{
	struct ct_short_name name = {};
	char text[24] = {};
	__u32 length = 0;

	/* Not by what it returns: where the kernel is locked down, that says nothing. Cannot be read: no such file. */
	bpf_probe_read_kernel_str(text, sizeof(text), BPF_CORE_READ((struct kernfs_node *)node, name));
	while (length < sizeof(text) - 1 && text[length])
		length++;
	name.low = *(__u64 *)&text[0];
	name.high = *(__u64 *)&text[8];
	name.len = length;
	if (NAME_IS(&name, "cgroup.procs") || NAME_IS(&name, "cgroup.threads"))
		return GROUP_FILE_MOVES;
	return NAME_IS(&name, "cgroup.kill") || NAME_IS(&name, "cgroup.freeze") || is_limit(&name) ? GROUP_FILE_RULES
												   : GROUP_FILE_OTHER;
}

static __always_inline struct kernfs_node *node_of(const struct ct_file *seen)
{
	struct dentry *dentry = seen->dentry;

	return BPF_CORE_READ(dentry, d_inode, i_private);
}

static __always_inline struct cgroup *group_of_file(struct kernfs_node *node)
{
	if (bpf_core_field_exists(node->parent))
		return BPF_CORE_READ(node, parent, priv);
	return BPF_CORE_READ(node, __parent, priv);
}

/* The control group is the agent's, or one above it. What cannot be read (the kernel's own, which can) is not. */
static __always_inline bool is_over_agent(struct cgroup *group, __u64 agent)
{
	struct cgroup *its = BPF_CORE_READ((struct task_struct *)agent, cgroups, dfl_cgrp);
	struct cgroup___5_10 *old = (void *)its;
	__u32 level = BPF_CORE_READ(group, level);
	__u64 above = 0, slots;

	/* What rules the root of all rules no group. */
	if (!group || !level || level > (__u32)BPF_CORE_READ(its, level))
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

static __always_inline void rule_agent(struct kernfs_node *node, struct ct_attempt *attempt)
{
	__u64 agent = agent_leader();

	if (!agent || !is_over_agent(group_of_file(node), agent))
		return;
	attempt->vector = CT_VECTOR_AGENT_CGROUP;
	attempt->target = agent;
	attempt->arg[0] = CT_STARVE_ROAD_CONTROL;
	attempt->name = BPF_CORE_READ(node, name);
}

static __always_inline void guard_cgroup_file(const struct ct_file *seen, __u32 mask, struct ct_attempt *attempt)
{
	struct kernfs_node *node;

	if (!(mask & FMODE_WRITE))
		return;
	node = node_of(seen);
	if (ct_group_file((__u64)node) == GROUP_FILE_RULES)
		rule_agent(node, attempt);
}

/* One beyond the first of them is not found, and so not the agent's. A global function, as in allow.h. */
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

/* Of the canary's two processes, by the children of the agent's first thread. As the one before. */
__weak __noinline int ct_is_canary_of(__u64 leader, __u32 tid)
{
	struct task_struct___family *first = (void *)leader, *child;
	__u64 head = leader + bpf_core_field_offset(struct task_struct___family, children);
	__u64 node = (__u64)BPF_CORE_READ(first, children.next), task;

	for (int i = 0; i < AGENT_CHILDREN; i++) {
		if (!node || node == head)
			return false;
		task = node - bpf_core_field_offset(struct task_struct___family, sibling);
		if ((__u32)TASK_READ(task, pid) == tid)
			return serves_agent(scope_of(task));
		child = (void *)task;
		node = (__u64)BPF_CORE_READ(child, sibling.next);
	}
	return false;
}

static __always_inline bool is_agents_task(__u64 agent, __u32 tid)
{
	return ct_is_thread_of(agent, tid) || ct_is_canary_of(agent, tid);
}

/*
 * Which process is moved stands only in what is written, and is read here before the kernel reads it: a second thread
 * of the caller may exchange it in between. What cannot be read or is no plain number counts as the agent's. A caller
 * in a pid namespace of its own cannot name the agent.
 */
static __always_inline void guard_cgroup_move(struct kernfs_node *node, struct ct_attempt *attempt)
{
	__u64 agent, number = 0;
	enum ct_written written;

	agent = agent_leader();
	if (!agent || BPF_CORE_READ((struct task_struct *)current_task(), thread_pid, level))
		return;
	written = written_number(&number);
	if (written == WRITTEN_NOTHING || (written == WRITTEN_NUMBER && !is_agents_task(agent, number)))
		return;
	attempt->vector = CT_VECTOR_AGENT_CGROUP;
	attempt->target = agent;
	attempt->arg[0] = CT_STARVE_ROAD_MOVE;
	attempt->arg[1] = number;
	attempt->name = BPF_CORE_READ(node, name);
}

/* A write, through whatever descriptor. */
static __always_inline void guard_cgroup_write(const struct ct_file *seen, __u32 mask, struct ct_attempt *attempt)
{
	struct kernfs_node *node;
	int kind;

	if (!(mask & FMODE_WRITE))
		return;
	node = node_of(seen);
	kind = ct_group_file((__u64)node);
	if (kind == GROUP_FILE_RULES)
		rule_agent(node, attempt);
	else if (kind == GROUP_FILE_MOVES)
		guard_cgroup_move(node, attempt);
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
