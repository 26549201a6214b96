/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a protected process does itself: offender and target are one. The first question of each such door is whether
 * the caller is one at all; the canary's victim is not, and its prober is in every mode, without a target.
 */
#ifndef CT_GUARD_OWN_ACT_H
#define CT_GUARD_OWN_ACT_H

#include "../verdict.h"

/* The current process, if what it does itself is judged; else NULL. */
static __always_inline struct ct_scope *own_scope(void)
{
	struct ct_scope *me = scope_of(leader_at_hand());

	if (!me || me->role & CT_ROLE_CANARY)
		return NULL;
	return me->role & (CT_ROLE_PROTECTED | CT_ROLE_PROBER) ? me : NULL;
}

static __always_inline void own_act(__u32 vector, __u64 road, const struct ct_scope *me, struct ct_attempt *attempt)
{
	attempt->vector = vector;
	attempt->arg[0] = road;
	attempt->own = true;
	attempt->target = me->role & CT_ROLE_PROBER ? 0 : current_task();
}

/*
 * In detect mode the kernel asks several times for one call, and a channel that was let open is used again and again:
 * one attempt, until user space has told of it and the process has been quiet for a while. A global function, as in
 * allow.h.
 */
__weak __noinline int ct_told_before(__u64 attempt_at)
{
	struct ct_attempt attempt = {};
	struct ct_repeat_key key = {};
	struct ct_repeat *known;

	bpf_probe_read_kernel(&attempt, sizeof(attempt), (void *)attempt_at);
	if (!attempt.target || mode_of(attempt.vector, groups_of(attempt.target)) != CT_MODE_DETECT)
		return 0;
	repeat_key(&attempt, CT_OUTCOME_OBSERVED, &key);
	known = bpf_map_lookup_elem(&repeats, &key);
	/* What is news is asked again by fold(), and must be so there too. */
	if (!known || is_news(known, listener()))
		return 0;
	known->last_ns = bpf_ktime_get_boot_ns();
	return 1;
}

/*
 * Each is judged on its own, so that a channel which is open hides no attempt of another kind in the same operation.
 * The attempt is then free for the next.
 */
static __always_inline int judge_act(struct ct_attempt *attempt)
{
	int verdict;

	if (attempt->vector == CT_VECTOR_NONE || (attempt->burst && ct_told_before(address_of(attempt))))
		verdict = 0;
	else
		verdict = decide(attempt);
	attempt->vector = CT_VECTOR_NONE;
	attempt->error = 0;
	attempt->burst = false;
	attempt->own = false;
	return verdict;
}

#endif
