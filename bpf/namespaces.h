/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which namespaces protected processes are in. The kernel shows a namespace's number where it is opened or entered, but
 * not who is in it; so the census notes it at each pass: when protection begins, and every few seconds afterwards.
 */
#ifndef CT_NAMESPACES_H
#define CT_NAMESPACES_H

#include "scope.h"
#include "task.h"
#include "vmlinux_rare.h"

#define NAMESPACE_KINDS 8

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

/* The first that a pass meets has the lowest pid: mostly the main process, whose end is the namespace's too. */
static __always_inline void note_namespaces(__u64 leader, __u32 census)
{
	struct ct_namespace entry = { .leader = leader, .census = census }, *known;
	__u32 inums[NAMESPACE_KINDS];

	namespaces_of(leader, inums);
#pragma unroll
	for (int i = 0; i < NAMESPACE_KINDS; i++) {
		if (!inums[i])
			continue;
		known = bpf_map_lookup_elem(&namespaces, &inums[i]);
		if (!known || known->census != census)
			bpf_map_update_elem(&namespaces, &inums[i], &entry, BPF_ANY);
	}
}

#endif
