/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From pieces to one stream of bytes in the scratch, a chunk of it at a time. */
#ifndef CT_LEAK_GATHER_H
#define CT_LEAK_GATHER_H

#include "pieces.h"

/* Up to the end of a page at a time, since the next one may not be there. */
static __always_inline bool gather_some(struct ct_leak_scratch *s)
{
	__u64 size = CT_LEAK_PAGE - (s->base & (CT_LEAK_PAGE - 1));
	__u64 at = BOUNDED(s->filled, CT_LEAK_CHUNK - 1);
	bool there;

	if (size > s->left)
		size = s->left;
	if (size > s->budget)
		size = s->budget;
	size = BOUNDED(size, CT_LEAK_BYTES - 1);
	if (size > CT_LEAK_CHUNK)
		size = CT_LEAK_CHUNK;
	there = fetch(s, s->bytes + at, size, s->base, s->kernel_bytes);
	s->base += size;
	s->left -= size;
	s->budget -= size;
	if (there)
		s->filled += size;
	return there;
}

__weak __noinline int ct_leak_gather(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	__u64 over;
	int next;

	if (!s)
		return LEAK_DONE;
	for (int i = 0; i < CT_LEAK_ROUNDS; i++) {
		if (s->filled >= CT_LEAK_CHUNK)
			return LEAK_PROBE;
		if (!s->budget) {
			if (!s->tail) {
				if (s->open)
					s->reason = CT_LEAK_REASON_BEYOND;
				s->ended = 1;
				return LEAK_PROBE;
			}
			over = s->left < s->skip ? s->left : s->skip;
			s->base += over;
			s->left -= over;
			s->skip -= over;
			if (!s->skip) {
				s->budget = s->tail;
				s->tail = 0;
			}
		}
		if (!s->left) {
			next = next_piece(s);
			if (next == NEXT_TAKEN)
				continue;
			if (next == NEXT_UNREADABLE)
				return not_readable(s, LEAK_GATHER);
			if (s->pieces)
				return LEAK_LOAD;
			s->ended = 1;
			return LEAK_PROBE;
		}
		if (s->budget && !gather_some(s))
			return not_readable(s, LEAK_GATHER);
	}
	return LEAK_GATHER;
}

/* The same for strings, each with the 0 at its end. */
__weak __noinline int ct_leak_gather_strings(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	__u64 at;
	long got;
	int next;

	if (!s)
		return LEAK_DONE;
	for (int i = 0; i < CT_LEAK_ROUNDS; i++) {
		if (s->filled >= CT_LEAK_CHUNK)
			return LEAK_PROBE;
		if (!s->left) {
			next = next_piece(s);
			if (next == NEXT_TAKEN)
				continue;
			if (next == NEXT_UNREADABLE)
				return not_readable(s, LEAK_GATHER);
			if (s->pieces)
				return LEAK_LOAD;
			s->ended = 1;
			return LEAK_PROBE;
		}
		if (!s->budget) {
			s->reason = CT_LEAK_REASON_BEYOND;
			s->ended = 1;
			return LEAK_PROBE;
		}
		at = BOUNDED(s->filled, CT_LEAK_CHUNK - 1);
		if (s->kernel_bytes)
			got = bpf_probe_read_kernel_str(s->bytes + at, CT_LEAK_CHUNK, (void *)s->base);
		else
			got = bpf_probe_read_user_str(s->bytes + at, CT_LEAK_CHUNK, (void *)s->base);
		if (got <= 0) {
			s->left = 0;
			return not_readable(s, LEAK_GATHER);
		}
		if (got == CT_LEAK_CHUNK) {
			got--; /* the 0 is not the string's own: it goes on */
			s->base += got;
		} else {
			s->left = 0;
		}
		s->filled += got;
		s->budget = s->budget > got ? s->budget - got : 0;
	}
	return LEAK_GATHER;
}

/* What is left of the bytes that may belong to a form of which the rest is still to come. */
__weak __noinline int ct_leak_carry(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	struct ct_leak_head *head = leak_head_now();
	__u32 keep, size;

	if (!s || !head)
		return LEAK_DONE;
	keep = s->at > head->longest ? s->at - head->longest : 0;
	if (keep > s->filled)
		keep = s->filled;
	size = s->filled - keep;
	/* Forward over itself, word by word; a map's own memory, which can be read. */
	bpf_probe_read_kernel(s->bytes, BOUNDED(size, CT_LEAK_CHUNK - 1), s->bytes + BOUNDED(keep, CT_LEAK_BYTES - 1));
	s->at -= keep;
	s->seen = s->seen > keep ? s->seen - keep : 0;
	s->filled = size;
	s->passed += keep;
	return LEAK_GATHER;
}

#endif
