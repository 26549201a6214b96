/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From attempt to verdict to event, in that order. The verdict is made from scope, policy and allow list alone;
 * whatever fails afterwards (ring, signal) is counted and changes nothing.
 */
#ifndef CT_VERDICT_H
#define CT_VERDICT_H

#include "policy.h"

#define SIGKILL 9

/* Whoever may enter the namespaces of protected processes may enter the agent's: runtimes start probes in its pod. */
static __always_inline __u32 rule_on(const struct ct_attempt *attempt, const struct ct_scope *target)
{
	__u64 offender = offender_of(attempt);
	__u32 rule = rule_for(attempt->vector, target ? target->group : 0, offender);

	if (attempt->vector == CT_VECTOR_AGENT_ACCESS && attempt->arg[0] == CT_VECTOR_NS_ENTER)
		rule |= rule_for(CT_VECTOR_NS_ENTER, 0, offender) & CT_RULE_ALLOWED;
	return rule;
}

/* Never pid 1, a kernel thread or the agent: a wrong kill is worse than a refused attempt left alive. */
static __always_inline __u8 kill_offender(const struct ct_attempt *attempt, const struct ct_scope *me)
{
	__u64 offender = offender_of(attempt);
	__u32 tgid = TASK_READ(offender, tgid);

	if (tgid <= 1 || TASK_READ(offender, flags) & PF_KTHREAD || (me && me->role & CT_ROLE_AGENT))
		return 0;
	/* The helper reaches the current task only: somebody else is left to user space. */
	if (attempt->offender)
		return CT_EVENT_KILL_WANTED;
	if (!bpf_send_signal(SIGKILL))
		return CT_EVENT_KILL_WANTED | CT_EVENT_KILLED;
	count(&losses, CT_LOSS_KILL_FAILED);
	return CT_EVENT_KILL_WANTED;
}

/*
 * Nobody is killed for what current may not have asked for; nor, in place of a refusal, a protected process for what it
 * was made to do, unless the configuration wants it.
 */
static __always_inline bool kills(const struct ct_attempt *attempt, bool wanted)
{
	if (attempt->bystander)
		return false;
	if (CT_REFUSES)
		return wanted;
	return wanted || !attempt->own;
}

static __always_inline void report(const struct ct_attempt *attempt, const struct ct_scope *target,
				   const struct ct_scope *me, __u8 outcome, __u8 flags)
{
	struct ct_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	struct ct_syscall call;

	if (!event) {
		count(&losses, CT_LOSS_RING_FULL);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time_ns = bpf_ktime_get_boot_ns();
	event->arg[0] = attempt->arg[0];
	event->arg[1] = attempt->arg[1];
	describe(&event->offender, offender_of(attempt), me ? me->group : 0);
	if (attempt->target) {
		describe(&event->target, attempt->target, target ? target->group : 0);
		flags |= CT_EVENT_HAS_TARGET;
	}
	if (attempt->name)
		bpf_probe_read_kernel_str(event->name, sizeof(event->name), attempt->name);
	current_syscall(&call);
	event->syscall = call.nr;
	if (call.compat)
		flags |= CT_EVENT_COMPAT;
	if (call.nr < 0)
		flags |= CT_EVENT_IO_WORKER;
	event->error = outcome != CT_OUTCOME_DENIED ? 0 : attempt->absent ? -ENOENT : -EPERM;
	event->abi = CT_ABI_VERSION;
	event->vector = attempt->vector;
	event->door = attempt->door;
	event->outcome = outcome;
	event->flags = flags;
	bpf_ringbuf_submit(event, 0);
}

/* True if this offender has done the same before and it was counted: then there is no event of its own. */
static __always_inline bool fold(const struct ct_attempt *attempt, __u8 outcome)
{
	struct ct_repeat_key key = { .vector = attempt->vector, .outcome = outcome };
	__u64 offender = (__u64)TASK_READ(offender_of(attempt), group_leader);
	struct ct_repeat first = {}, *known;

	key.offender_start_ns = TASK_READ(offender, start_boottime);
	key.offender_tgid = TASK_READ(offender, tgid);
	if (attempt->target) {
		__u64 leader = (__u64)TASK_READ(attempt->target, group_leader);

		key.target_start_ns = TASK_READ(leader, start_boottime);
		key.target_tgid = TASK_READ(leader, tgid);
	}
	known = bpf_map_lookup_elem(&repeats, &key);
	if (!known) {
		/* Whoever inserts first reports; a thread that lost the race is folded like any later attempt. */
		if (!bpf_map_update_elem(&repeats, &key, &first, BPF_NOEXIST))
			return false;
		known = bpf_map_lookup_elem(&repeats, &key);
		if (!known)
			return false;
	}
	__sync_fetch_and_add(&known->repeated, 1);
	return true;
}

/* A branch that the compiler must leave one: of the arithmetic that it makes of it, 6.12 cannot tell the range. */
static __always_inline int refuse_if(bool refused)
{
	if (!refused)
		return 0;
	asm volatile("");
	return CT_REFUSAL;
}

static __always_inline int pass_judgement(const struct ct_attempt *attempt, const struct ct_scope *target,
					  const struct ct_scope *me, __u32 rule)
{
	__u32 vector = attempt->vector, mode = rule & CT_RULE_MODE;
	bool allowed = !attempt->bystander && rule & CT_RULE_ALLOWED;
	__u8 outcome = CT_OUTCOME_DENIED, flags = 0, late = 0;
	struct ct_settings *set;
	bool silent = false;
	__u32 zero = 0;

	if (vector >= CT_VECTOR_MAX)
		return 0;
	/* The canary's attacker is refused in every mode and leaves no event: it only proves that this door is called.
	 */
	if (me && me->role & CT_ROLE_PROBER) {
		count(&proofs, attempt->door);
		return CT_REFUSAL;
	}
	if (mode == CT_MODE_OFF)
		return 0;
	if (attempt->again)
		return refuse_if(mode != CT_MODE_DETECT && !allowed);
	/* Whoever else looks at the canary (ps does) gets the verdict and leaves no trace: it holds nothing. */
	if (target && target->role & CT_ROLE_CANARY)
		return refuse_if(mode != CT_MODE_DETECT);
	if (allowed) {
		set = bpf_map_lookup_elem(&settings, &zero);
		outcome = CT_OUTCOME_ALLOWED;
		silent = set && !set->report_allowed;
	} else if (mode == CT_MODE_DETECT) {
		outcome = CT_OUTCOME_OBSERVED;
	} else if (kills(attempt, rule & CT_RULE_KILL)) {
		flags = kill_offender(attempt, me);
	}
	if (!CT_REFUSES && outcome == CT_OUTCOME_DENIED) {
		outcome = flags ? CT_OUTCOME_KILLED : CT_OUTCOME_OBSERVED;
		late = CT_EVENT_LATE;
	}
	count(&outcomes, vector * CT_OUTCOME_MAX + outcome);
	/* A kill is reported each time: it ends the offender, so there is no flood of them. */
	if (!silent && (flags || !fold(attempt, outcome)))
		report(attempt, target, me, outcome, flags | late);
	if (outcome == CT_OUTCOME_DENIED && attempt->absent) {
		asm volatile(""); /* as in refuse_if */
		return -ENOENT;
	}
	return refuse_if(outcome == CT_OUTCOME_DENIED);
}

/*
 * Attempts on a process concern that process, if it is protected; its own workload may look at itself.
 * Attempts on the agent concern everybody but the agent, and so do those on the kernel below, while something is
 * protected: who changed the agent before that would decide what its protection is worth.
 */
static __always_inline int decide(struct ct_attempt *attempt)
{
	struct ct_scope *target = NULL, *me;

	if (attempt->vector == CT_VECTOR_NONE)
		return 0;
	if (attempt->target) {
		target = scope_of((__u64)TASK_READ(attempt->target, group_leader));
		if (!target)
			return 0;
		count_as_agents(attempt, target);
	}
	me = scope_of((__u64)TASK_READ(offender_of(attempt), group_leader));
	if (target && !concerns(attempt, target, me))
		return 0;
	if (target && !is_agent(target)) {
		if (!attempt->bystander && !attempt->own &&
		    may_inspect(offender_of(attempt), me, attempt->target, target))
			return 0;
		/* Its own limits: taking away the core dump is part of protecting. */
		if (is_agent(me) && attempt->vector == CT_VECTOR_COREDUMP_LIMITS)
			return 0;
	} else {
		if (!attempt->always && !is_agent(target) && !(me && me->role & CT_ROLE_PROBER) &&
		    !anything_protected())
			return 0;
		if (is_agents_own(attempt, me))
			return 0;
	}
	return pass_judgement(attempt, target, me, rule_on(attempt, target));
}

#endif
