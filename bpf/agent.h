/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The agent as a target: what of the judgement is about it. An attempt that would be one on a protected process is
 * agent_access when it is aimed at the agent; agent_signal and agent_cgroup have guards of their own.
 */
#ifndef CT_AGENT_H
#define CT_AGENT_H

#include "agent_identity.h"

static __always_inline bool is_agent(const struct ct_scope *entry)
{
	return entry && entry->role & CT_ROLE_AGENT;
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

	return known && known->leader && is_agent(scope_of(known->leader)) ? known->leader : 0;
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
static __always_inline bool is_agents_own(const struct ct_attempt *attempt, __u32 me)
{
	__u32 vector = attempt->vector;

	if (attempt->bystander)
		return false;
	if (is_agents_vector(vector))
		return me & CT_ROLE_AGENT || (is_managers(attempt) && TASK_READ(offender_of(attempt), tgid) == 1);
	/* One that takes over does all this before the census knows it. */
	return (vector == CT_VECTOR_BPF_LOAD || vector == CT_VECTOR_HOOKS_OFF || vector == CT_VECTOR_BPF_TAMPER ||
		vector == CT_VECTOR_PIN_REMOVE) &&
	       (me & CT_ROLE_AGENT || ct_may_become_agent());
}

#endif
