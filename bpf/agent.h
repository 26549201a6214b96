/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The agent as a target: what of the judgement is about it. An attempt that would be one on a protected process is
 * agent_access when it is aimed at the agent; agent_signal and agent_cgroup have guards of their own. The canary's two
 * processes are guarded with it as far as its proofs need them, and may do nothing that others may not.
 */
#ifndef CT_AGENT_H
#define CT_AGENT_H

#include "agent_identity.h"

/* As a target: the canary's attacker too, of which as_target() knows whether it is the agent's still. */
static __always_inline bool is_agent(const struct ct_scope *entry)
{
	return entry && entry->role & (CT_ROLE_AGENT | CT_ROLE_PROBER);
}

/* Whom nobody may end, stop or starve: the canary's victim as well, which is protected otherwise. */
static __always_inline bool serves_agent(const struct ct_scope *entry)
{
	return entry && entry->role & (CT_ROLE_AGENT | CT_ROLE_PROBER | CT_ROLE_CANARY);
}

static __always_inline __u64 offender_of(const struct ct_attempt *attempt)
{
	return attempt->offender ? attempt->offender : current_task();
}

/* The agent's leader; 0 if none runs, or if its address was left behind. */
static __always_inline __u64 agent_leader(void)
{
	__u32 zero = 0;
	struct ct_agent *known = bpf_map_lookup_elem(&agent, &zero);

	struct ct_scope *entry = known && known->leader ? scope_of(known->leader) : NULL;

	return entry && entry->role & CT_ROLE_AGENT ? known->leader : 0;
}

static __always_inline bool is_agents_vector(__u32 vector)
{
	return vector == CT_VECTOR_AGENT_SIGNAL || vector == CT_VECTOR_AGENT_CGROUP || vector == CT_VECTOR_AGENT_ACCESS;
}

/* What an attempt by this vector counts as when it is aimed at that process: for guards that ask for a mode. */
static __always_inline __u32 vector_on(const struct ct_scope *target, __u32 vector)
{
	return is_agent(target) && !is_agents_vector(vector) ? CT_VECTOR_AGENT_ACCESS : vector;
}

/*
 * The agent's children of the canary, and a child of those. One that outlived its agent is nobody's: it has no business
 * left, and everybody may end it. A global function, as in allow.h.
 */
__weak __noinline int ct_is_kept(__u64 task)
{
	__u64 parent = (__u64)BPF_CORE_READ((struct task_struct *)task, group_leader, real_parent, group_leader);
	struct ct_scope *entry = scope_of(parent);

	return entry && entry->role & (CT_ROLE_AGENT | CT_ROLE_CANARY);
}

/* The roles of a process as the target of this vector: the agent's own is added where it is guarded as the agent is. */
static __always_inline __u32 as_target(__u64 task, __u32 role, __u32 vector)
{
	if (role & CT_ROLE_PROBER || (role & CT_ROLE_CANARY && is_agents_vector(vector)))
		return ct_is_kept(task) ? role | CT_ROLE_AGENT : role;
	return role;
}

static __always_inline void count_as_agents(struct ct_attempt *attempt, __u32 target)
{
	__u32 vector = attempt->vector;

	if (!(target & CT_ROLE_AGENT) || is_agents_vector(vector))
		return;
	attempt->vector = CT_VECTOR_AGENT_ACCESS;
	attempt->arg[1] = attempt->arg[0];
	attempt->arg[0] = vector;
}

/*
 * The guards of agent_signal and agent_cgroup tell of every process, since the canary has no agent to attack: for
 * all but its prober, a target that is not the agent is none.
 */
static __always_inline bool concerns(const struct ct_attempt *attempt, __u32 target, __u32 me)
{
	if (target & CT_ROLE_AGENT)
		return true;
	if (!(target & CT_ROLE_PROTECTED))
		return false;
	return !is_agents_vector(attempt->vector) || me & CT_ROLE_PROBER;
}

/* The canary's attacker on itself, or its victim on itself and its child. */
static __always_inline bool is_within_canary(const struct ct_attempt *attempt, __u32 target, __u32 me)
{
	if (me & CT_ROLE_CANARY)
		return target & CT_ROLE_CANARY;
	return me & CT_ROLE_PROBER && attempt->target &&
	       TASK_READ(attempt->target, group_leader) == TASK_READ(offender_of(attempt), group_leader);
}

/*
 * What process 1 of the node may do to the agent: the service manager has started it, must be able to stop it (its
 * watchdog by a signal that dumps core), and rules its limits and its control group. It has no need of the agent's
 * memory or descriptors: code in process 1 is not code in the agent.
 */
static __always_inline bool is_managers(const struct ct_attempt *attempt)
{
	__u64 how = attempt->arg[0];

	return attempt->vector != CT_VECTOR_AGENT_ACCESS || how == CT_VECTOR_COREDUMP_SIGNAL ||
	       how == CT_VECTOR_COREDUMP_LIMITS || how == CT_VECTOR_OOM_ADJ;
}

/* The agent itself, and process 1 in what it may do. A bystander is neither. */
static __always_inline bool is_agents_own(const struct ct_attempt *attempt, __u32 target, __u32 me)
{
	__u32 vector = attempt->vector;

	if (attempt->bystander)
		return false;
	if (is_agents_vector(vector))
		return me & CT_ROLE_AGENT || (is_managers(attempt) && TASK_READ(offender_of(attempt), tgid) == 1) ||
		       is_within_canary(attempt, target, me);
	/* One that takes over does all this before the census knows it. */
	return (vector == CT_VECTOR_BPF_LOAD || vector == CT_VECTOR_HOOKS_OFF || vector == CT_VECTOR_BPF_TAMPER ||
		vector == CT_VECTOR_PIN_REMOVE) &&
	       (me & CT_ROLE_AGENT || ct_may_become_agent());
}

#endif
