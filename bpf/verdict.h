/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From attempt to verdict to event, in that order. The verdict is made from scope, policy and allow list alone;
 * whatever fails afterwards (ring, signal) is counted and changes nothing.
 */
#ifndef CT_VERDICT_H
#define CT_VERDICT_H

#include "policy.h"
#include "tell.h"

#define SIGKILL 9

/* Whoever may enter the namespaces of protected processes may enter the agent's: runtimes start probes in its pod. */
static __always_inline __u32 rule_on(const struct ct_attempt *attempt, __u64 target)
{
	__u64 offender = offender_of(attempt);
	__u32 rule = rule_in(attempt->vector, target ? groups_of(attempt->target) : 0, offender);

	if (attempt->vector == CT_VECTOR_AGENT_ACCESS && attempt->arg[0] == CT_VECTOR_NS_ENTER)
		rule |= ct_rule(CT_VECTOR_NS_ENTER, 0, offender) & CT_RULE_ALLOWED;
	if (rule & CT_RULE_LIMITS && attempt->beyond_limits)
		rule &= ~CT_RULE_ALLOWED;
	return rule;
}

/*
 * Never pid 1, a kernel thread or the agent: a wrong kill is worse than a refused attempt left alive.
 * offender: 0 for the current task. A global function, as in allow.h.
 */
__weak __noinline int ct_kill(__u64 offender, __u32 role)
{
	__u64 task = offender ? offender : current_task();
	__u32 tgid = TASK_READ(task, tgid);

	if (tgid <= 1 || TASK_READ(task, flags) & PF_KTHREAD || role & CT_ROLE_AGENT)
		return 0;
	/* The helper reaches the current task only: somebody else is left to user space, and who cannot be sent one. */
	if (offender)
		return CT_EVENT_KILL_WANTED;
	if (!bpf_send_signal(SIGKILL))
		return CT_EVENT_KILL_WANTED | CT_EVENT_KILLED;
	count(&losses, CT_LOSS_KILL_FAILED);
	return CT_EVENT_KILL_WANTED;
}

/*
 * Nobody is killed for what current may not have asked for or what may be no attack; nor, in place of a refusal, a
 * protected process for what it was made to do, unless the configuration wants it.
 */
static __always_inline bool kills(const struct ct_attempt *attempt, bool wanted)
{
	if (attempt->bystander || (attempt->doubtful && CT_REFUSES))
		return false;
	if (CT_REFUSES)
		return wanted;
	return wanted || !attempt->own;
}

static __always_inline bool is_told(__u32 outcome)
{
	__u32 zero = 0;
	struct ct_settings *set;

	if (outcome != CT_OUTCOME_ALLOWED)
		return true;
	set = bpf_map_lookup_elem(&settings, &zero);
	return !set || set->report_allowed;
}

/* The attempt as it is judged, from where the door has it; false if it cannot be read. */
static __always_inline bool read_attempt(struct ct_attempt *attempt, __u64 at, __u64 *target, __u64 *me)
{
	if (bpf_probe_read_kernel(attempt, sizeof(*attempt), (void *)at))
		return false;
	*target = attempt->target ? known_target(attempt->target, attempt->vector) : 0;
	*me = ct_known(offender_of(attempt));
	count_as_agents(attempt, role_in(*target));
	return true;
}

/*
 * Whether the attempt concerns anybody, and the rule for it; CT_RULE_NONE: it does not.
 * Attempts on a process concern that process, if it is protected; its own workload may look at itself.
 * Attempts on the agent concern everybody but the agent, and so do those on the kernel below, while something is
 * protected: who changed the agent before that would decide what its protection is worth.
 * A global function, as in allow.h: what the guards of a door have found is not followed through here.
 * Failure direction: what cannot be read is refused.
 */
__weak __noinline int ct_weigh(__u64 attempt_at)
{
	struct ct_attempt attempt = {};
	__u64 target, me;

	if (!read_attempt(&attempt, attempt_at, &target, &me))
		return CT_MODE_ENFORCE;
	if (attempt.target && (!target || !concerns(&attempt, role_in(target), role_in(me))))
		return CT_RULE_NONE;
	if (target && !(role_in(target) & CT_ROLE_AGENT)) {
		if (!attempt.bystander && !attempt.own &&
		    may_inspect(offender_of(&attempt), me, attempt.target, target))
			return CT_RULE_NONE;
		/* Its own limits: taking away the core dump is part of protecting. */
		if (role_in(me) & CT_ROLE_AGENT && attempt.vector == CT_VECTOR_COREDUMP_LIMITS)
			return CT_RULE_NONE;
	} else {
		if (!attempt.always && !target && !(role_in(me) & CT_ROLE_PROBER) && !ct_anything_protected())
			return CT_RULE_NONE;
		if (is_agents_own(&attempt, role_in(target), role_in(me)))
			return CT_RULE_NONE;
	}
	return rule_on(&attempt, target);
}

/* rule: what ct_weigh() said. 0: it may go on; else the errno. */
__weak __noinline int ct_pass_judgement(__u64 attempt_at, __u32 rule)
{
	struct ct_told told = { .outcome = CT_OUTCOME_DENIED };
	__u32 mode = rule & CT_RULE_MODE, killed;
	struct ct_attempt attempt = {};
	__u64 target, me;
	bool allowed;

	if (!read_attempt(&attempt, attempt_at, &target, &me))
		return -EPERM;
	allowed = !attempt.bystander && rule & CT_RULE_ALLOWED;
	/* The canary's attacker is refused in every mode and leaves no event: it only proves that this door is called.
	 */
	if (role_in(me) & CT_ROLE_PROBER) {
		count(&proofs, attempt.door);
		return -EPERM;
	}
	if (mode == CT_MODE_OFF)
		return 0;
	if (attempt.again)
		return mode != CT_MODE_DETECT && !allowed ? -EPERM : 0;
	/* Whoever else looks at the canary (ps does) gets the verdict and leaves no trace: it holds nothing. */
	if (role_in(target) & CT_ROLE_CANARY && !(role_in(target) & CT_ROLE_AGENT))
		return mode != CT_MODE_DETECT ? -EPERM : 0;
	if (allowed)
		told.outcome = CT_OUTCOME_ALLOWED;
	else if (mode == CT_MODE_DETECT)
		told.outcome = CT_OUTCOME_OBSERVED;
	else if (kills(&attempt, rule & CT_RULE_KILL))
		told.flags = ct_kill(attempt.offender, role_in(me));
	killed = told.flags;
	if (!CT_REFUSES && told.outcome == CT_OUTCOME_DENIED) {
		told.outcome = killed ? CT_OUTCOME_KILLED : CT_OUTCOME_OBSERVED;
		told.flags |= CT_EVENT_LATE;
	}
	count(&outcomes, attempt.vector * CT_OUTCOME_MAX + told.outcome);
	told.offender_group = group_in(me);
	/* The canary is no workload. */
	told.target_group = role_in(target) & (CT_ROLE_PROBER | CT_ROLE_CANARY) ? 0 : group_in(target);
	/* A kill is reported each time: it ends the offender, so there is no flood of them. */
	if (is_told(told.outcome) && (killed || !ct_folds(address_of(&attempt), told.outcome)))
		ct_report(address_of(&attempt), address_of(&told));
	if (told.outcome != CT_OUTCOME_DENIED)
		return 0;
	return attempt.error ? -(int)attempt.error : -EPERM;
}

/* A verdict by branches that the compiler must leave as they are: 6.12 wants to see what a door can answer. */
static __always_inline int refusal(int verdict)
{
	if (!verdict || !CT_REFUSES)
		return 0;
	asm volatile("");
	if (verdict == -ENOENT)
		return -ENOENT;
	asm volatile("");
	if (verdict == -EINVAL)
		return -EINVAL;
	asm volatile("");
	return -EPERM;
}

/* The way out for what hits nobody who is known is here, so that it costs no more than a look-up. */
static __always_inline int decide(const struct ct_attempt *attempt)
{
	int rule;
	__u64 at;

	if (attempt->vector == CT_VECTOR_NONE || attempt->vector >= CT_VECTOR_MAX)
		return 0;
	if (attempt->target && !scope_of((__u64)TASK_READ(attempt->target, group_leader)))
		return 0;
	at = address_of(attempt);
	rule = ct_weigh(at);
	if (rule == CT_RULE_NONE)
		return 0;
	if (attempt->watched && (rule & CT_RULE_MODE) == CT_MODE_ENFORCE)
		rule = CT_MODE_DETECT | (rule & ~CT_RULE_MODE);
	return refusal(ct_pass_judgement(at, rule));
}

#endif
