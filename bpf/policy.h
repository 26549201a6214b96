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

/*
 * offender: a task, or 0 to leave the allow list out. A global function, which the verifier looks at once and by
 * itself: inlined or static, each answer that it can give would be followed through the rest of each door.
 */
__weak __noinline int ct_read_rule(__u32 vector, __u32 group, __u64 offender, __u32 generation)
{
	__u32 bank = generation & 1, slot = bank * CT_VECTOR_MAX, rule = CT_MODE_ENFORCE;
	struct ct_policy *all = bpf_map_lookup_elem(&policy, &slot), *own;
	struct ct_group_policy *rules = group_rules(group, bank);
	__u64 bit = 1ULL << (vector & 63);

	slot += vector;
	own = bpf_map_lookup_elem(&policy, &slot);
	if (rules && group && rules->own & bit) {
		rule = rules->enforce & bit ? CT_MODE_ENFORCE : rules->detect & bit ? CT_MODE_DETECT : CT_MODE_OFF;
		if (rules->kill & bit)
			rule |= CT_RULE_KILL;
	} else if (own) {
		rule = own->mode & CT_RULE_MODE;
		if (own->kill)
			rule |= CT_RULE_KILL;
	}
	if (rules && rules->members_may_inspect)
		rule |= CT_RULE_MEMBERS;
	if (offender && own && all && is_on_list(offender, vector, own->allow_kinds, all->allow_kinds, bank))
		rule |= CT_RULE_ALLOWED;
	return rule;
}

/* Two changes of the policy during one look: the strictest answer, which is right for at most that moment. */
static __always_inline __u32 rule_for(__u32 vector, __u32 group, __u64 offender)
{
	__u32 before, rule;

	if (vector >= CT_VECTOR_MAX)
		return CT_MODE_ENFORCE;
#pragma unroll
	for (int try = 0; try < 2; try++) {
		before = policy_generation();
		rule = ct_read_rule(vector, group, offender, before);
		if (policy_generation() == before)
			return rule;
	}
	return CT_MODE_ENFORCE;
}

/* The mode as it is set. group: that of the target; 0 for vectors against the node. */
static __always_inline __u32 rule_of(__u32 vector, __u32 group)
{
	return rule_for(vector, group, 0) & CT_RULE_MODE;
}

/* What happens to the operation: where nothing can be refused it goes on to the next door, as in detect mode. */
static __always_inline __u32 mode_of(__u32 vector, __u32 group)
{
	__u32 mode = rule_of(vector, group);

	return mode == CT_MODE_ENFORCE && !CT_REFUSES ? CT_MODE_DETECT : mode;
}

/* The same for what the attempt counts as when it is aimed at that process, which may be the agent or nobody's. */
static __always_inline __u32 mode_on(const struct ct_scope *target, __u32 vector)
{
	return mode_of(vector_on(target, vector), target ? target->group : 0);
}

/* Against the node: the rule is to refuse, whatever this form can do, and the current task is on no list. */
static __always_inline bool is_enforced(__u32 vector)
{
	__u32 rule = rule_for(vector, 0, current_task());

	return (rule & CT_RULE_MODE) == CT_MODE_ENFORCE && !(rule & CT_RULE_ALLOWED);
}

/* For guards of a second door: the vector is not enforced, or the current task is on its allow list. */
static __always_inline bool is_let_pass(__u32 vector, __u32 group)
{
	__u32 rule = rule_for(vector, group, current_task());

	return !CT_REFUSES || (rule & CT_RULE_MODE) != CT_MODE_ENFORCE || rule & CT_RULE_ALLOWED;
}

/* The group of a task's process; 0 if it is in none, or if there is no task. */
static __always_inline __u32 group_of(__u64 task)
{
	struct ct_scope *entry = task ? scope_of((__u64)TASK_READ(task, group_leader)) : NULL;

	return entry ? entry->group : 0;
}

/* A process may always look at itself, whatever shares its memory too; other members of its workload if they may. */
static __always_inline bool may_inspect(__u64 offender, const struct ct_scope *me, __u64 task,
					const struct ct_scope *target)
{
	__u64 mm;

	if (!me || !(me->role & CT_ROLE_PROTECTED) || me->group != target->group)
		return false;
	if (TASK_READ(offender, group_leader) == TASK_READ(task, group_leader))
		return true;
	mm = (__u64)TASK_READ(offender, mm);
	if (mm && mm == (__u64)TASK_READ(task, mm))
		return true;
	return rule_for(CT_VECTOR_NONE, target->group, 0) & CT_RULE_MEMBERS;
}

#endif
