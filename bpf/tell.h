/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is told of an attempt once it is judged: nothing if this offender has done the same before and it was counted,
 * else one event. The verdict stands already; whatever fails here is counted and changes nothing.
 */
#ifndef CT_TELL_H
#define CT_TELL_H

#include "agent.h"

/* What an event needs beside the attempt. */
struct ct_told {
	__u32 outcome;
	__u32 flags;
	__u32 offender_group;
	__u32 target_group;
};

static __always_inline void report(const struct ct_attempt *attempt, const struct ct_told *told)
{
	struct ct_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	struct ct_syscall call;
	__u32 flags = told->flags;

	if (!event) {
		count(&losses, CT_LOSS_RING_FULL);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time_ns = bpf_ktime_get_boot_ns();
	__builtin_memcpy(event->arg, attempt->arg, sizeof(event->arg));
	describe(&event->offender, offender_of(attempt), told->offender_group);
	if (attempt->target) {
		describe(&event->target, attempt->target, told->target_group);
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
	event->error = told->outcome != CT_OUTCOME_DENIED ? 0 : attempt->error ? -(__s32)attempt->error : -EPERM;
	event->abi = CT_ABI_VERSION;
	event->vector = attempt->vector;
	event->door = attempt->door;
	event->outcome = told->outcome;
	event->flags = flags;
	bpf_ringbuf_submit(event, 0);
}

/* arg[0] is the registered secret that was found, or 0. */
static __always_inline bool tells_secret(const struct ct_attempt *attempt)
{
	return attempt->vector >= CT_VECTOR_LEAK_WRITE && attempt->vector <= CT_VECTOR_LEAK_IPC;
}

static __always_inline void repeat_key(const struct ct_attempt *attempt, __u32 outcome, struct ct_repeat_key *key)
{
	__u64 offender = (__u64)TASK_READ(offender_of(attempt), group_leader);

	key->vector = attempt->vector;
	key->outcome = outcome;
	key->offender_start_ns = TASK_READ(offender, start_boottime);
	key->offender_tgid = TASK_READ(offender, tgid);
	if (attempt->target) {
		__u64 leader = (__u64)TASK_READ(attempt->target, group_leader);

		key->target_start_ns = tells_secret(attempt) ? attempt->arg[0] : TASK_READ(leader, start_boottime);
		key->target_tgid = TASK_READ(leader, tgid);
	}
}

/* So long an offender must have done nothing for its next attempt to be told by itself. */
#ifndef CT_QUIET_NS
#define CT_QUIET_NS 5000000000ULL
#endif

/* Settings that cannot be read (cannot: array): as ever, the attempt is folded. */
static __always_inline __u32 listener(void)
{
	__u32 zero = 0;
	struct ct_settings *set = bpf_map_lookup_elem(&settings, &zero);

	return set ? set->listener : 0;
}

/*
 * Whether it was quiet until now, or this listener has not heard of it: who it is was told to the one before. Two that
 * ask at once may both hear so: then both make an event.
 */
static __always_inline bool is_news(const struct ct_repeat *known, __u32 hears)
{
	return known->told_to != hears || bpf_ktime_get_boot_ns() > known->last_ns + CT_QUIET_NS;
}

/* True if this offender has done the same a moment ago and it was counted: then there is no event of its own. */
static __always_inline bool fold(const struct ct_attempt *attempt, __u32 outcome)
{
	/* Asked once: a listener that comes in between must not be taken for one that was told. */
	struct ct_repeat first = { .last_ns = bpf_ktime_get_boot_ns(), .told_to = listener() }, *known;
	struct ct_repeat_key key = {};

	repeat_key(attempt, outcome, &key);
	known = bpf_map_lookup_elem(&repeats, &key);
	if (!known) {
		/*
		 * Whoever inserts first reports; a thread that lost the race (EEXIST) is folded like any later attempt.
		 * Without room or memory for it (E2BIG, ENOMEM) nothing is found below: an event of its own.
		 */
		if (!bpf_map_update_elem(&repeats, &key, &first, BPF_NOEXIST))
			return false;
		known = bpf_map_lookup_elem(&repeats, &key);
		if (!known)
			return false;
	} else if (is_news(known, first.told_to)) {
		known->last_ns = first.last_ns;
		known->told_to = first.told_to;
		return false;
	}
	known->last_ns = first.last_ns;
	__sync_fetch_and_add(&known->repeated, 1);
	return true;
}

/* Global functions, as in allow.h: they read back from the stack of their caller what they are about. */
__weak __noinline int ct_folds(__u64 attempt_at, __u32 outcome)
{
	struct ct_attempt attempt = {};

	bpf_probe_read_kernel(&attempt, sizeof(attempt), (void *)attempt_at);
	return fold(&attempt, outcome);
}

__weak __noinline int ct_report(__u64 attempt_at, __u64 told_at)
{
	struct ct_attempt attempt = {};
	struct ct_told told = {};

	bpf_probe_read_kernel(&attempt, sizeof(attempt), (void *)attempt_at);
	bpf_probe_read_kernel(&told, sizeof(told), (void *)told_at);
	report(&attempt, &told);
	return 0;
}

#endif
