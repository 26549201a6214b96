/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a room does: takes scratch, says where the bytes are and where they go, looks, and passes judgement. Short
 * buffers are looked at before it is asked whose they are, because the look costs less than the question.
 */
#ifndef CT_LEAK_LOOK_H
#define CT_LEAK_LOOK_H

#include "../guards/own_act.h"
#include "begin.h"
#include "plain.h"

#define LEAK_SLOT_NONE CT_LEAK_SLOTS

struct ct_leak_goal {
	__u32 sink; /* enum ct_leak_sink */
	__u64 object;
	__u64 address;
	__u32 name_len;
	__u64 name;
};

static __always_inline void aim_at(struct ct_leak_scratch *s, const struct ct_leak_goal *goal)
{
	s->sink = goal->sink;
	s->object = goal->object;
	s->address = goal->address;
	s->name_len = goal->name_len;
	s->name = goal->name;
}

/* By whom, of each workload whose secrets are known: also << 32 | group, as groups_in(); 0 for none. */
static __always_inline __u64 whose_secrets(const struct ct_leak_head *head)
{
	struct ct_scope *me = scope_of(current_leader());
	__u64 groups = 0;

	if (!me || !(me->role & CT_ROLE_PROTECTED) || me->role & CT_ROLE_CANARY)
		return 0;
	if (head->groups >> (me->group & 63) & 1)
		groups = me->group;
	if (me->also == CT_GROUP_MANY || (me->also && head->groups >> (me->also & 63) & 1))
		groups |= (__u64)me->also << 32;
	return groups;
}

static __always_inline __u64 look_of(const struct ct_leak_scratch *s)
{
	return (__u64)(s->encoding & 0xff) << CT_LEAK_ARG_ENCODING | (__u64)(s->place & 0xff) << CT_LEAK_ARG_PLACE |
	       (__u64)(s->sink & 0xff) << CT_LEAK_ARG_SINK | (__u64)(s->length & 0xffff) << CT_LEAK_ARG_LENGTH |
	       (__u64)(__u16)(s->peer.port >> 8 | s->peer.port << 8) << CT_LEAK_ARG_PORT;
}

/* As it lies in memory, of v4 in v6's clothes. */
static __always_inline void address_for(struct ct_attempt *attempt, const struct ct_leak_sink_key *peer)
{
	__builtin_memcpy(&attempt->arg[2], peer->address, sizeof(peer->address));
	if (peer->family == 4) {
		attempt->arg[3] = 0xffff0000 | attempt->arg[2] << 32;
		attempt->arg[2] = 0;
	}
}

/*
 * 0, or what the operation is refused with. A global function, because the judgement is long. slot: LEAK_SLOT_NONE if
 * the operation was not looked at, for that reason. Failure direction: what could not be looked at is refused, unless
 * user space has said that it passes; that is never said of what takes too many steps, or more scratch than there is.
 */
__weak __noinline int ct_leak_judge(__u32 slot, __u32 vector, __u32 door, __u32 why)
{
	struct ct_attempt attempt = { .vector = vector, .door = door, .own = true, .target = current_task() };
	struct ct_leak_scratch *s = slot < CT_LEAK_SLOTS ? scratch_at(slot) : NULL;
	struct ct_leak_head *head = leak_head_now();
	__u32 reason = s ? s->reason : why;

	if (!head || (!reason && !(s && s->secret)))
		return 0;
	if (s && s->secret)
		reason = CT_LEAK_REASON_MATCH;
	else if (reason == CT_LEAK_REASON_BEYOND)
		attempt.watched = head->beyond == CT_LEAK_BEYOND_EDGES;
	else if (reason != CT_LEAK_REASON_BUSY)
		attempt.watched = head->unscanned == CT_LEAK_UNSCANNED_REPORT;
	attempt.arg[1] = (__u64)reason << CT_LEAK_ARG_REASON;
	if (s) {
		ct_leak_peer(slot);
		attempt.arg[0] = s->secret;
		attempt.arg[1] |= look_of(s);
		attempt.name = (const void *)s->name;
		address_for(&attempt, &s->peer);
	}
	return decide(&attempt);
}

/* 0, or a refusal: written so that the kernel's own check of an answer's range can follow it. */
static __always_inline int answer(int verdict)
{
	if (!verdict)
		return 0;
	asm volatile("");
	return -EPERM;
}

/*
 * For operations that come here several times each: in detect mode one of them is told of, as in judge_act(). Apart
 * from the judgement, whose stack it would not fit on.
 */
__weak __noinline int ct_leak_told_before(__u32 vector, __u32 secret)
{
	struct ct_attempt attempt = { .vector = vector, .own = true, .target = current_task(), .arg = { secret } };

	return ct_told_before(address_of(&attempt));
}

static __always_inline int not_looked_at(__u32 vector, __u32 door, __u32 why)
{
	struct ct_leak_head *head = leak_head_now();

	if (!head || !head->step || !whose_secrets(head))
		return 0;
	return answer(ct_leak_judge(LEAK_SLOT_NONE, vector, door, why));
}

/* Nothing in a buffer that fits into the scratch; false: it has to be looked at properly. */
static __always_inline bool clean_at_a_glance(struct ct_leak_scratch *s, __u32 slot, const struct ct_leak_source *from)
{
	__u64 size = from->size;

	if (from->array || from->kind == LEAK_STRINGS || size > CT_LEAK_CHUNK)
		return false;
	s->at = 0;
	s->ended = 1;
	s->filled = size;
	return fetch(s, s->bytes, BOUNDED(size, CT_LEAK_BYTES - 1), from->base, from->kernel_bytes) &&
	       ct_leak_glance(slot) == LEAK_DONE;
}

/*
 * What goes by io_uring. While that channel is closed or watched its own guard has refused or told of it; only where it
 * is open is there something to be told of here.
 */
__weak __noinline int ct_leak_is_open_ring(void)
{
	return mode_of(CT_VECTOR_CHAN_IO_URING, groups_of(current_task())) == CT_MODE_OFF;
}

static __always_inline int not_looked_at_in_ring(__u32 vector, __u32 door)
{
	return ct_leak_is_open_ring() ? not_looked_at(vector, door, CT_LEAK_REASON_UNKNOWN) : 0;
}

static __always_inline int look_at(const struct ct_leak_source *from, const struct ct_leak_goal *goal, __u32 vector,
				   __u32 door)
{
	struct ct_leak_head *head = leak_head_now();
	struct ct_leak_scratch *s;
	__u32 slot = 0;
	int verdict = 0;
	__u64 whose;

	if (!head || !head->step)
		return 0;
	if (!from->more && !from->array && from->kind != LEAK_STRINGS &&
	    ct_leak_is_clean(from->base, from->size, from->kernel_bytes))
		return 0;
	s = scratch_at(slot);
	if (!s)
		return 0;
	if (!scratch_take(s)) {
		slot = ct_leak_take(1);
		s = scratch_at(slot);
		if (!s)
			return not_looked_at(vector, door, CT_LEAK_REASON_BUSY);
	}
	if (from->more || !clean_at_a_glance(s, slot, from)) {
		whose = whose_secrets(head);
		s->group = whose;
		s->also = whose >> 32;
		if (whose) {
			aim_at(s, goal);
			begin_source(s, from);
			if (from->more & LEAK_MORE_MESSAGES)
				ct_leak_begin_many(slot);
			ct_leak_look(slot);
			if (from->more & LEAK_MORE_LATER && !s->secret && !s->reason)
				s->reason = CT_LEAK_REASON_UNKNOWN;
			if (door != CT_DOOR_KEY_PERMISSION || !ct_leak_told_before(vector, s->secret))
				verdict = ct_leak_judge(slot, vector, door, 0);
		}
	}
	scratch_give(s);
	return answer(verdict);
}

#endif
