/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which rule holds for a vector against a workload, and for whom it does not. A rule is read out of one bank and taken
 * only if the generation is still the same afterwards: user space empties the bank that it has put out of force.
 * Nothing here runs for callers that touch no protected process and no guarded file of the node.
 */
#ifndef CT_POLICY_H
#define CT_POLICY_H

#include "agent.h"
#include "allow.h"

/* A rule in one word, because a function of its own hands it back. */
#define CT_RULE_MODE	3u /* enum ct_mode */
#define CT_RULE_KILL	4u
#define CT_RULE_ALLOWED 8u
#define CT_RULE_MEMBERS 16u /* members of the workload may inspect each other */
#define CT_RULE_NONE	32u /* the attempt concerns nobody */
#define CT_RULE_LIMITS	64u /* allowed, but of coredump_limits the limits alone */

static __always_inline __u32 policy_generation(void)
{
	__u32 zero = 0;
	struct ct_policy_head *head = bpf_map_lookup_elem(&policy_head, &zero);

	return head ? *(volatile __u32 *)&head->generation : 0;
}

static __always_inline struct ct_group_policy *group_rules(__u32 group, __u32 bank)
{
	struct ct_group_key key = { .group = group, .bank = bank };
	struct ct_group_policy *rules = group ? bpf_map_lookup_elem(&group_policy, &key) : NULL;

	if (rules)
		return rules;
	key.group = 0;
	return bpf_map_lookup_elem(&group_policy, &key);
}

static __always_inline __u32 read_rule(__u32 vector, __u32 group, __u64 offender, __u32 generation)
{
	__u32 bank = generation & 1, slot = bank * CT_VECTOR_MAX, rule = CT_MODE_ENFORCE;
	struct ct_policy *all = bpf_map_lookup_elem(&policy, &slot), *own;
	struct ct_group_policy *rules = group_rules(group, bank);
	__u32 enforce, detect;

	slot += vector;
	own = bpf_map_lookup_elem(&policy, &slot);
	if (rules && group && rules->own >> vector & 1) {
		enforce = rules->enforce >> vector & 1;
		detect = rules->detect >> vector & 1 & ~enforce;
		rule = enforce * CT_MODE_ENFORCE | detect * CT_MODE_DETECT | (rules->kill >> vector & 1) * CT_RULE_KILL;
	} else if (own) {
		rule = (own->mode & CT_RULE_MODE) | (own->kill & 1) * CT_RULE_KILL;
	}
	if (rules && rules->members_may_inspect)
		rule |= CT_RULE_MEMBERS;
	if (offender && own && all) {
		int listed = allowed_as(offender, vector, own, all, bank);

		if (listed)
			rule |= listed & CT_LISTED_LIMITS ? CT_RULE_ALLOWED | CT_RULE_LIMITS : CT_RULE_ALLOWED;
	}
	return rule;
}

/*
 * offender: a task, or 0 to leave the allow list out. Two changes of the policy during one look: the strictest answer,
 * which is right for at most that moment. A global function, as in allow.h.
 */
__weak __noinline int ct_rule(__u32 vector, __u32 group, __u64 offender)
{
	__u32 before, rule;

	if (vector >= CT_VECTOR_MAX || group == CT_GROUP_MANY)
		return CT_MODE_ENFORCE;
	for (int try = 0; try < 2; try++) {
		before = policy_generation();
		rule = read_rule(vector, group, offender, before);
		if (policy_generation() == before)
			return rule;
	}
	return CT_MODE_ENFORCE;
}

/* The workloads of a process in one word: also << 32 | group. */
static __always_inline __u64 groups_in(const struct ct_scope *entry)
{
	return entry ? (__u64)entry->also << 32 | entry->group : 0;
}

/* What holds for who belongs to two workloads. A kill is wanted by the rule that decides. As in allow.h. */
__weak __noinline int ct_stricter(__u32 one, __u32 other)
{
	__u32 mode = one & CT_RULE_MODE, others = other & CT_RULE_MODE, kill = 0;

	if (mode >= others)
		kill |= one & CT_RULE_KILL;
	if (others >= mode)
		kill |= other & CT_RULE_KILL;
	return (mode > others ? mode : others) | kill | (one & (CT_RULE_ALLOWED | CT_RULE_LIMITS)) |
	       (one & other & CT_RULE_MEMBERS);
}

/* The allow list is everybody's, and asked once. */
static __always_inline __u32 rule_in(__u32 vector, __u64 groups, __u64 offender)
{
	__u32 rule = ct_rule(vector, groups, offender);

	return groups >> 32 ? (__u32)ct_stricter(rule, ct_rule(vector, groups >> 32, 0)) : rule;
}

/* The mode as it is set. groups: those of the target; 0 for vectors against the node. */
static __always_inline __u32 rule_of(__u32 vector, __u64 groups)
{
	return rule_in(vector, groups, 0) & CT_RULE_MODE;
}

/* What happens to the operation: where nothing can be refused it goes on to the next door, as in detect mode. */
static __always_inline __u32 mode_of(__u32 vector, __u64 groups)
{
	__u32 mode = rule_of(vector, groups);

	return mode == CT_MODE_ENFORCE && !CT_REFUSES ? CT_MODE_DETECT : mode;
}

/* The same for what the attempt counts as when it is aimed at that process, which may be the agent or nobody's. */
static __always_inline __u32 mode_on(const struct ct_scope *target, __u32 vector)
{
	return mode_of(vector_on(target, vector), groups_in(target));
}

/* Against the node: the rule is to refuse, whatever this form can do, and the current task is on no list. */
static __always_inline bool is_enforced(__u32 vector)
{
	__u32 rule = ct_rule(vector, 0, current_task());

	return (rule & CT_RULE_MODE) == CT_MODE_ENFORCE && !(rule & CT_RULE_ALLOWED);
}

/* For guards of a second door: the vector is not enforced, or the current task is on its allow list. */
static __always_inline bool is_let_pass(__u32 vector, __u64 groups)
{
	__u32 rule = rule_in(vector, groups, current_task());

	return !CT_REFUSES || (rule & CT_RULE_MODE) != CT_MODE_ENFORCE || rule & CT_RULE_ALLOWED;
}

/* The workloads of a task's process; 0 if it is in none, or if there is no task. */
static __always_inline __u64 groups_of(__u64 task)
{
	return task ? groups_in(scope_of((__u64)TASK_READ(task, group_leader))) : 0;
}

/*
 * What is known of a task's process in one word, which a global function can hand back: role << 32 | group; 0: nothing.
 */
__weak __noinline __u64 ct_known(__u64 task)
{
	struct ct_scope *entry = scope_of((__u64)TASK_READ(task, group_leader));

	return entry ? (__u64)entry->role << 32 | entry->group : 0;
}

static __always_inline __u32 role_in(__u64 known)
{
	return known >> 32;
}

/* The same of the target of an attempt by that vector: see as_target(). */
static __always_inline __u64 known_target(__u64 task, __u32 vector)
{
	__u64 known = ct_known(task);

	return known | (__u64)as_target(task, role_in(known), vector) << 32;
}

static __always_inline __u32 group_in(__u64 known)
{
	return known;
}

/* The way by which a task's process came in; 0 also if it is not in scope. A global function, as in allow.h. */
__weak __noinline __u64 ct_way(__u64 task)
{
	struct ct_scope *entry = scope_of((__u64)TASK_READ(task, group_leader));

	return entry ? entry->way : 0;
}

/*
 * A process may always look at itself, whatever shares its memory too; other members of its workload if they may and
 * came in together: whoever moves into its control group is protected like all in it, and has no right to look at them.
 * Of one way are descendants of one process, so what else they belong to is the same.
 */
static __always_inline bool may_inspect(__u64 offender, __u64 me, __u64 task, __u64 target)
{
	__u64 mm;

	if (!(role_in(me) & CT_ROLE_PROTECTED) || group_in(me) != group_in(target))
		return false;
	if (TASK_READ(offender, group_leader) == TASK_READ(task, group_leader))
		return true;
	mm = (__u64)TASK_READ(offender, mm);
	if (mm && mm == (__u64)TASK_READ(task, mm))
		return true;
	if (ct_way(offender) != ct_way(task))
		return false;
	return rule_in(CT_VECTOR_NONE, groups_of(task), 0) & CT_RULE_MEMBERS;
}

#endif
