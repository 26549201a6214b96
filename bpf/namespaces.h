/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which namespaces protected processes and the agent are in. The kernel shows a namespace's number where it is opened
 * or entered, but not who is in it; so the census notes it at each pass: when protection begins, and every few seconds
 * afterwards. Those of a new container are noted when its program begins.
 */
#ifndef CT_NAMESPACES_H
#define CT_NAMESPACES_H

#include "scope.h"
#include "task.h"
#include "vmlinux_rare.h"

#define NAMESPACE_KINDS 8
#define GENERATIONS	8 /* a supervisor, a shim or a shell lie between the agent and process 1 */

static __always_inline void namespaces_of(__u64 task, __u32 inums[NAMESPACE_KINDS])
{
	struct nsproxy *proxy = (void *)TASK_READ(task, nsproxy);

	inums[0] = BPF_CORE_READ(proxy, uts_ns, ns.inum);
	inums[1] = BPF_CORE_READ(proxy, ipc_ns, ns.inum);
	inums[2] = BPF_CORE_READ(proxy, mnt_ns, ns.inum);
	inums[3] = BPF_CORE_READ(proxy, pid_ns_for_children, ns.inum);
	inums[4] = BPF_CORE_READ(proxy, net_ns, ns.inum);
	inums[5] = BPF_CORE_READ(proxy, time_ns, ns.inum);
	inums[6] = BPF_CORE_READ(proxy, cgroup_ns, ns.inum);
	inums[7] = TASK_READ(task, cred) ? BPF_CORE_READ((struct task_struct *)task, cred, user_ns, ns.inum) : 0;
}

static __always_inline bool is_in_namespace(__u64 task, __u32 inum)
{
	__u32 inums[NAMESPACE_KINDS];

	namespaces_of(task, inums);
#pragma unroll
	for (int i = 0; i < NAMESPACE_KINDS; i++)
		if (inums[i] == inum)
			return true;
	return false;
}

/* Process 1 of the node, if it is found above the task; 0 otherwise. */
static __always_inline __u64 first_process(__u64 leader)
{
#pragma unroll
	for (int i = 0; i < GENERATIONS; i++) {
		if (TASK_READ(leader, tgid) == 1)
			return leader;
		leader = (__u64)BPF_CORE_READ((struct task_struct *)leader, real_parent, group_leader);
	}
	return 0;
}

/*
 * The first that a pass meets has the lowest pid: mostly the main process, whose end is the namespace's too. Of the
 * agent's only those count that it does not share with the node: everybody else enters the node's for good reasons. No
 * room: as in the map.
 */
static __always_inline void note_namespaces(__u64 leader, __u32 census, bool agent)
{
	struct ct_namespace entry = { .leader = leader, .census = census, .agent = agent }, *known;
	__u32 inums[NAMESPACE_KINDS];
	__u64 first = agent ? first_process(leader) : 0;

	if (agent && !first)
		return;
	namespaces_of(leader, inums);
#pragma unroll
	for (int i = 0; i < NAMESPACE_KINDS; i++) {
		if (!inums[i] || (first && is_in_namespace(first, inums[i])))
			continue;
		known = bpf_map_lookup_elem(&namespaces, &inums[i]);
		if (!known || known->census != census || known->agent > entry.agent)
			bpf_map_update_elem(&namespaces, &inums[i], &entry, BPF_ANY);
	}
}

/*
 * At the exec of who came in by a control group: a runtime has made its namespaces by then. Only those of which nothing
 * is known that holds; the next pass goes on from there. No room: as in the map. A global function, as in allow.h.
 */
__weak __noinline int ct_note_new_namespaces(__u64 leader)
{
	struct ct_namespace entry = { .leader = leader }, *known;
	__u32 inums[NAMESPACE_KINDS], zero = 0;
	struct ct_census_request *req = bpf_map_lookup_elem(&census_request, &zero);

	/* A pass that goes on takes away what was not noted in it. */
	entry.census = req ? req->generation : 0;
	namespaces_of(leader, inums);
#pragma unroll
	for (int i = 0; i < NAMESPACE_KINDS; i++) {
		if (!inums[i])
			continue;
		known = bpf_map_lookup_elem(&namespaces, &inums[i]);
		if (!known || known->agent || !scope_of(known->leader))
			bpf_map_update_elem(&namespaces, &inums[i], &entry, BPF_ANY);
	}
	return 0;
}

#endif
