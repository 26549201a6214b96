/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who is protected. Identity is the address of the thread-group leader's task_struct: unlike a pid it cannot be
 * taken by another process before the task_free door has removed the entry, and a CLONE_VM child, having been
 * forked by a protected process, has an entry of its own.
 */
#ifndef CT_SCOPE_H
#define CT_SCOPE_H

#include "maps.h"
#include "task.h"

/* Of CT_SCOPE_MAX, for the agent and its canaries alone: it comes back also where others have filled the table. */
#define CT_SCOPE_OWN	64
#define CT_SCOPE_PLACES (CT_SCOPE_MAX - CT_SCOPE_OWN)

/* From the filter's own address: of a typed pointer the verifier makes a number only by the difference of two. */
static __always_inline __u32 slot_of(__u64 distance)
{
	return (__u32)distance * 0x9E3779B1U >> 17; /* top 15 bits: CT_FILTER_SLOTS */
}

static __always_inline __u32 scope_slot(__u64 leader)
{
	return slot_of(leader - address_of(&scope_filter));
}

static __always_inline bool is_filled(__u32 slot)
{
	__u64 *n = bpf_map_lookup_elem(&scope_filter, &slot);

	return n && *n;
}

/* false: certainly not. */
static __always_inline bool may_be_in_scope(__u64 leader)
{
	return is_filled(scope_slot(leader));
}

static __always_inline struct ct_scope *scope_of(__u64 leader)
{
	return may_be_in_scope(leader) ? bpf_map_lookup_elem(&scope, &leader) : NULL;
}

/* The same by a typed task, in as few instructions as there can be: for doors that everybody passes. */
static __always_inline bool leads_filled(const struct task_struct *task)
{
	return is_filled(slot_of((__u64)task->group_leader - (__u64)&scope_filter));
}

static __always_inline bool may_be_protected(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return leads_filled((void *)bpf_get_current_task_btf());
	return may_be_in_scope(current_leader());
}

/* current_leader() for doors that everybody passes: one load where the task is typed. */
static __always_inline __u64 leader_at_hand(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return address_of(((struct task_struct *)bpf_get_current_task_btf())->group_leader);
	return current_leader();
}

static __always_inline struct ct_share *share_of(__u32 group)
{
	__u32 slot = group % CT_SHARES;

	return bpf_map_lookup_elem(&shares, &slot);
}

/* Whether it takes one of the places that there are for workloads. */
static __always_inline bool takes_place(__u32 role)
{
	return role & CT_ROLE_PROTECTED && !(role & CT_ROLE_CANARY);
}

/* Whoever changes the group of an entry takes it out of the counts first, and in again afterwards. */
static __always_inline void scope_bump(__u64 leader, __u32 role, __u32 group, __s64 by)
{
	__u32 slot = scope_slot(leader), zero = 0;
	__u64 *n = bpf_map_lookup_elem(&scope_filter, &slot);
	struct ct_share *share;

	if (n)
		__sync_fetch_and_add(n, by);
	if (!takes_place(role))
		return;
	n = bpf_map_lookup_elem(&scope_count, &zero);
	if (n)
		__sync_fetch_and_add(n, by);
	share = share_of(group);
	if (share)
		__sync_fetch_and_add(&share->processes, by);
}

/*
 * Whether a member of a workload may take one more place: a workload may have as many processes as there are places
 * left for all, so one that forks without end gets half of the table, and n of them leave an n+1st part of it to the
 * others. Asked at the fork, and at the exec of a second thread, where it can be refused: who comes in elsewhere is
 * rather protected. On each processor one may slip through at the limit. Where nothing is refused there is no limit,
 * since the child would be open.
 */
static __always_inline bool has_share(const struct ct_scope *parent)
{
	__u32 zero = 0;
	__s64 *all = bpf_map_lookup_elem(&scope_count, &zero);
	struct ct_share *share = share_of(parent->group);

	if (!CT_REFUSES || !all || !share || parent->role & CT_ROLE_CANARY || share->processes < CT_SCOPE_PLACES - *all)
		return true;
	__sync_fetch_and_add(&share->refused, 1);
	count(&losses, CT_LOSS_SHARE_FULL);
	return false;
}

/* Asked when it has been counted, so that of many at once none slips through. */
static __always_inline bool has_place(__u32 role)
{
	__u32 zero = 0;
	__s64 *all = bpf_map_lookup_elem(&scope_count, &zero);

	return !takes_place(role) || !all || *all <= CT_SCOPE_PLACES;
}

/*
 * Puts a leader in scope. 0 if it is in scope afterwards. The filter goes up before the entry exists and down after
 * it is gone, so that no reader can miss an entry; two generations of doors that both insert count it once.
 */
static __always_inline int scope_put(__u64 leader, const struct ct_scope *entry)
{
	scope_bump(leader, entry->role, entry->group, 1);
	if (has_place(entry->role) && !bpf_map_update_elem(&scope, &leader, entry, BPF_NOEXIST))
		return 0;
	scope_bump(leader, entry->role, entry->group, -1);
	if (bpf_map_lookup_elem(&scope, &leader))
		return 0;
	count(&losses, CT_LOSS_SCOPE_FULL);
	return -EAGAIN;
}

static __always_inline int scope_add(__u64 leader, __u32 group, __u64 place, __u32 role, __u32 census)
{
	struct ct_scope entry = {
		.place = place,
		.group = group,
		.role = role,
		.census = census,
	};

	return scope_put(leader, &entry);
}

/* The same workloads, by the same way in. */
static __always_inline int scope_inherit(__u64 leader, const struct ct_scope *from, __u32 role)
{
	struct ct_scope entry = {
		.way = from->way,
		.place = from->place,
		.group = from->group,
		.also = from->also,
		.role = role,
		.census = from->census,
	};

	return scope_put(leader, &entry);
}

/* What the kernel would not delete stays: too much is protected. */
static __always_inline __u32 scope_remove(__u64 leader)
{
	struct ct_scope *entry = scope_of(leader);
	__u32 role, group;

	if (!entry)
		return 0;
	role = entry->role;
	group = entry->group;
	if (bpf_map_delete_elem(&scope, &leader))
		return 0; /* another generation of this door was first, and has counted */
	scope_bump(leader, role, group, -1);
	return role;
}

/* Whether user space has named control groups. */
static __always_inline bool any_cgroup_protected(void)
{
	__u32 zero = 0, *any = bpf_map_lookup_elem(&cgroups_any, &zero);

	return !any || *any;
}

/* A control group that waits for its first process counts. A global function, as in allow.h. */
__weak __noinline int ct_anything_protected(void)
{
	__u32 zero = 0;
	__u64 *n = bpf_map_lookup_elem(&scope_count, &zero);
	struct ct_settings *set = bpf_map_lookup_elem(&settings, &zero);

	return !n || *n || !set || set->node_guards_always || any_cgroup_protected();
}

#endif
