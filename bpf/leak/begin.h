/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a look begins: where the bytes of an operation are, as the scratch has it. */
#ifndef CT_LEAK_BEGIN_H
#define CT_LEAK_BEGIN_H

#include "call.h"
#include "pieces.h"

#define CT_LEAK_PIECES_MAX 0xffffffffU
#define MESSAGES_MOST	   1024 /* of one call, as the kernel has it */

/* Where the bytes of an operation are. */
struct ct_leak_source {
	__u64 base;  /* the buffer, or the array of pieces or strings */
	__u64 size;  /* its bytes, or its pieces or strings */
	__u64 total; /* bytes in all, if that is known of an array */
	bool array;
	__u32 kind; /* enum ct_leak_kind; LEAK_STRINGS without an array: one string */
	bool narrow;
	bool kernel_array;
	bool kernel_bytes;
	__u32 more; /* enum ct_leak_more */
};

enum ct_leak_more {
	LEAK_MORE_LATER = 1,	/* it is taken after the call, and may be another by then */
	LEAK_MORE_MESSAGES = 2, /* messages follow that are not asked for */
};

static __always_inline void begin(struct ct_leak_scratch *s)
{
	s->filled = 0;
	s->at = 0;
	s->seen = 0;
	s->passed = 0;
	s->reason = 0;
	s->secret = 0;
	s->encoding = 0;
	s->length = 0;
	s->place = 0;
	s->ended = 0;
	s->left = 0;
	s->next = 0;
	s->loaded = 0;
	s->pieces = 0;
	s->tail = 0;
	s->skip = 0;
	s->inner_count = 0;
	s->open = 0;
}

static __always_inline void begin_source(struct ct_leak_scratch *s, const struct ct_leak_source *from)
{
	struct ct_leak_head *head = leak_head_now();

	begin(s);
	s->kind = from->kind;
	s->narrow = from->narrow;
	s->kernel_array = from->kernel_array;
	s->kernel_bytes = from->kernel_bytes;
	s->measured = 1;
	if (!from->array && from->kind == LEAK_STRINGS) {
		s->base = from->base;
		s->left = 1;
		s->budget = head ? head->scan_limit : 0;
		s->open = 1;
		s->state = LEAK_GATHER;
		return;
	}
	if (!from->array) {
		s->base = from->base;
		s->left = from->size;
		s->total = from->size;
		s->state = share_out(s);
		return;
	}
	s->array = from->base;
	s->start = from->base;
	/* Of more, none of the calls takes as many: what they read beyond is not there for them either. */
	s->pieces = from->size < CT_LEAK_PIECES_MAX ? from->size : CT_LEAK_PIECES_MAX;
	s->count = s->pieces;
	s->total = from->total;
	s->state = LEAK_LOAD;
	if (from->kind != LEAK_PIECES) {
		s->budget = head ? head->scan_limit : 0;
		s->open = 1;
	} else if (from->total) {
		s->state = share_out(s) == LEAK_DONE ? LEAK_DONE : LEAK_LOAD;
	} else {
		s->measured = 0;
	}
}

static __always_inline bool is_sendmmsg(const struct ct_leak_call *call)
{
	return call->nr == (call->compat ? NR32_SENDMMSG : call->narrow ? NR_X32_SENDMMSG : NR_SENDMMSG);
}

/* The old way to it, by number and arguments in the caller's memory. */
static __always_inline bool is_socketcall_sendmmsg(const struct ct_leak_call *call)
{
	return call->compat && call->nr == NR32_SOCKETCALL && (__u32)call->arg[0] == SOCKETCALL_SENDMMSG;
}

/* LEAK_MORE_*, 0 if it is none. The arguments of the old way may be others by now than what the kernel has read. */
__weak __noinline int ct_leak_is_many(void)
{
	struct ct_leak_call call;

	leak_call(&call);
	if (is_socketcall_sendmmsg(&call))
		return LEAK_MORE_MESSAGES | LEAK_MORE_LATER;
	return is_sendmmsg(&call) ? LEAK_MORE_MESSAGES : 0;
}

/* Failure direction: of arguments that cannot be read none is looked at, and that is told. */
static __always_inline void many_of_socketcall(const struct ct_leak_call *call, struct ct_leak_source *from)
{
	struct {
		__u32 fd, messages, count;
	} given = {};

	bpf_probe_read_user(&given, sizeof(given), (const void *)(__u64)(__u32)call->arg[1]);
	from->base = given.messages;
	from->size = given.count < MESSAGES_MOST ? given.count : MESSAGES_MOST;
}

/*
 * sendmmsg asks its hook once for messages in a row that go to the same name: with the first of them, all are looked
 * at. Those that go elsewhere are looked at again, when they are asked for.
 */
__weak __noinline int ct_leak_begin_many(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	struct ct_leak_source from = { .array = true, .kind = LEAK_MESSAGES };
	struct ct_leak_call call = {};

	leak_call(&call);
	if (!s || call.nr < 0)
		return 0;
	if (is_socketcall_sendmmsg(&call)) {
		many_of_socketcall(&call, &from);
	} else {
		from.base = call.arg[1];
		from.size = (__u32)call.arg[2] < MESSAGES_MOST ? (__u32)call.arg[2] : MESSAGES_MOST;
	}
	from.narrow = call.narrow;
	begin_source(s, &from);
	return 0;
}

#endif
