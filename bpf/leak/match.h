/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From bytes to a registered form. Every window of every form has a bit, so whatever offset is probed inside of a form,
 * its bit is set; from there the walk goes to where the known windows begin and then over them, until an anchor says
 * which form that would be. Only the fingerprint of the whole form is a match.
 */
#ifndef CT_LEAK_MATCH_H
#define CT_LEAK_MATCH_H

#include "gather.h"
#include "sink.h"

/* In one call of a function: the verifier follows each of them, in every room. */
#define CT_LEAK_PROBES 64
#define CT_LEAK_STEPS  32
#define CT_LEAK_WORDS  8

static __always_inline __u64 window_at(const struct ct_leak_scratch *s, __u32 at)
{
	return *(__u64 *)(s->bytes + BOUNDED(at, CT_LEAK_BYTES - 1));
}

static __always_inline bool bit_of(const __u8 *bits, __u32 bit)
{
	return bits[bit >> 3] >> (bit & 7) & 1;
}

__weak __noinline int ct_leak_probe(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	struct ct_leak_head *head = leak_head_now();
	__u32 zero = 0, step;
	struct ct_leak_windows *windows = bpf_map_lookup_elem(&leak_windows, &zero);
	__u64 key0, key1, at;
	__s64 last;

	if (!s || !head || !windows)
		return LEAK_DONE;
	key0 = head->key[0];
	key1 = head->key[1];
	step = head->step;
	at = s->at;
	/* Before the end of the operation, only where the longest form that begins there would be whole. */
	last = (__s64)s->filled - (s->ended ? CT_LEAK_WINDOW : head->longest);
	for (int i = 0; i < CT_LEAK_PROBES; i++) {
		if ((__s64)at > last) {
			s->at = at;
			return s->ended ? LEAK_DONE : LEAK_CARRY;
		}
		if (bit_of(windows->bits, ct_leak_window_bit(ct_leak_mix(window_at(s, at), key0, key1)))) {
			s->at = at;
			s->walk = at;
			return LEAK_BACK;
		}
		at += step;
	}
	s->at = at;
	return LEAK_PROBE;
}

/* All of a short buffer; LEAK_DONE: there is nothing in it. */
__weak __noinline int ct_leak_glance(__u32 slot)
{
	int next = LEAK_PROBE;

	for (int i = 0; i < CT_LEAK_CHUNK / 5 / CT_LEAK_PROBES + 1; i++) {
		next = ct_leak_probe(slot);
		if (next != LEAK_PROBE)
			break;
	}
	return next;
}

__weak __noinline int ct_leak_back(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	struct ct_leak_head *head = leak_head_now();
	__u32 zero = 0, walk, lowest;
	struct ct_leak_windows *windows = bpf_map_lookup_elem(&leak_windows, &zero);

	if (!s || !head || !windows)
		return LEAK_DONE;
	walk = s->walk;
	lowest = s->at > head->longest ? s->at - head->longest : 0;
	if (lowest < s->seen)
		lowest = s->seen;
	for (int i = 0; i < CT_LEAK_STEPS; i++) {
		if (walk <= lowest ||
		    !bit_of(windows->bits,
			    ct_leak_window_bit(ct_leak_mix(window_at(s, walk - 1), head->key[0], head->key[1])))) {
			s->walk = walk;
			return LEAK_FORWARD;
		}
		walk--;
	}
	s->walk = walk;
	return LEAK_BACK;
}

/*
 * After a window that is not known, nothing that was walked over can belong to a form which is still to be found: the
 * probes go on from there. A walk that was cut short, because all was known, goes on where it ended: bytes that repeat
 * themselves, and whose one window happens to be known, would be walked over again and again. Before the end of the
 * operation that is at most where the longest form would be whole, since an anchor was no help where it was not.
 */
static __always_inline int cut_short(struct ct_leak_scratch *s, const struct ct_leak_head *head, __u32 walk)
{
	__u32 whole = s->ended ? s->filled : s->filled - head->longest + 1;

	s->at = walk < whole ? walk : whole;
	s->seen = s->at;
	return LEAK_PROBE;
}

__weak __noinline int ct_leak_forward(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	struct ct_leak_head *head = leak_head_now();
	__u32 zero = 0, walk, at;
	struct ct_leak_windows *windows = bpf_map_lookup_elem(&leak_windows, &zero);
	struct ct_leak_anchor_bits *anchors = bpf_map_lookup_elem(&leak_anchor_bits, &zero);
	__u64 mix;

	if (!s || !head || !windows || !anchors)
		return LEAK_DONE;
	walk = s->walk;
	at = s->at;
	for (int i = 0; i < CT_LEAK_STEPS; i++) {
		if (walk > at + head->longest || walk + CT_LEAK_WINDOW > s->filled)
			return cut_short(s, head, walk);
		mix = ct_leak_mix(window_at(s, walk), head->key[0], head->key[1]);
		if (!bit_of(windows->bits, ct_leak_window_bit(mix))) {
			s->at = (walk > at ? walk : at) + head->step;
			return LEAK_PROBE;
		}
		if (bit_of(anchors->bits, ct_leak_anchor_bit(mix))) {
			s->walk = walk;
			return LEAK_CHECK;
		}
		walk++;
	}
	s->walk = walk;
	return LEAK_FORWARD;
}

/* The next words of a form, up to its end at `end`; answers where it stopped. */
__weak __noinline int ct_leak_print_on(__u32 slot, __u32 at, __u32 end)
{
	struct ct_leak_scratch *s = scratch_at(slot);

	if (!s)
		return end;
	for (int i = 0; i < CT_LEAK_WORDS; i++) {
		if (at + CT_LEAK_WINDOW > end)
			break;
		ct_leak_sip_absorb(&s->sip, window_at(s, at));
		at += CT_LEAK_WINDOW;
	}
	return at;
}

/* Into s->print. As ct_leak_fingerprint(). */
__weak __noinline int ct_leak_print(__u32 slot, __u32 start, __u32 length)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	struct ct_leak_head *head = leak_head_now();
	__u32 at = start, end = start + length;

	if (!s || !head)
		return 0;
	ct_leak_sip_begin(&s->sip, head->key[0], head->key[1]);
	for (int i = 0; i < CT_LEAK_FORM_MAX / CT_LEAK_WINDOW / CT_LEAK_WORDS; i++) {
		if (at + CT_LEAK_WINDOW > end)
			break;
		at = ct_leak_print_on(slot, at, end);
	}
	if (at < end)
		ct_leak_sip_absorb(&s->sip, window_at(s, end - CT_LEAK_WINDOW));
	s->print = ct_leak_sip_end(&s->sip, length);
	return 0;
}

static __always_inline __u32 place_of(__u64 offset)
{
	return !offset	       ? CT_LEAK_PLACE_START
	       : offset < 64   ? CT_LEAK_PLACE_FIRST_64
	       : offset < 4096 ? CT_LEAK_PLACE_FIRST_4096
			       : CT_LEAK_PLACE_LATER;
}

/* Only what is a secret of its workloads, and not on its way to where that one may go, is a leak. */
static __always_inline bool is_leak(__u32 slot, const struct ct_leak_scratch *s, __u32 secret)
{
	struct ct_leak_secret *known = bpf_map_lookup_elem(&leak_secrets, &secret);

	if (!known || (known->group != s->group && known->group != s->also && s->also != CT_GROUP_MANY))
		return false;
	return !ct_leak_may_go(slot, secret);
}

__weak __noinline int ct_leak_check(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	struct ct_leak_head *head = leak_head_now();
	struct ct_leak_anchor_key key = {};
	struct ct_leak_anchor *anchor;
	__u32 walk, start;

	if (!s || !head)
		return LEAK_DONE;
	walk = s->walk;
	key.window = ct_leak_anchor_hash(window_at(s, walk), head->key[0], head->key[1]);
	s->walk = walk + 1;
	for (int i = 0; i < CT_LEAK_CHAIN; i++) {
		key.index = i;
		anchor = bpf_map_lookup_elem(&leak_anchors, &key);
		if (!anchor)
			break;
		start = walk - anchor->offset;
		if (anchor->offset > walk || start + anchor->length > s->filled)
			continue;
		ct_leak_print(slot, start, anchor->length);
		if (s->print != anchor->fingerprint || !is_leak(slot, s, anchor->secret))
			continue;
		s->secret = anchor->secret;
		s->encoding = anchor->encoding;
		s->length = anchor->length;
		s->place = place_of(s->passed + start);
		return LEAK_DONE;
	}
	return LEAK_FORWARD;
}

__weak __noinline int ct_leak_step(__u32 slot, __u32 state, __u32 kind)
{
	switch (state) {
	case LEAK_LOAD: return ct_leak_load(slot);
	case LEAK_MEASURE: return ct_leak_measure(slot);
	case LEAK_GATHER: return kind == LEAK_STRINGS ? ct_leak_gather_strings(slot) : ct_leak_gather(slot);
	case LEAK_PROBE: return ct_leak_probe(slot);
	case LEAK_BACK: return ct_leak_back(slot);
	case LEAK_FORWARD: return ct_leak_forward(slot);
	case LEAK_CHECK: return ct_leak_check(slot);
	case LEAK_CARRY: return ct_leak_carry(slot);
	}
	return LEAK_DONE;
}

__weak __noinline int ct_leak_steps(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);

	if (!s)
		return LEAK_DONE;
	for (int i = 0; i < 160; i++) {
		s->state = ct_leak_step(slot, s->state, s->kind);
		if (s->state == LEAK_DONE)
			return LEAK_DONE;
	}
	return s->state;
}

/* The whole operation. One that takes more steps than these, which no ordinary one does, was not looked at to its end.
 */
__weak __noinline int ct_leak_look(__u32 slot)
{
	struct ct_leak_scratch *s;

	for (int i = 0; i < 256; i++)
		if (ct_leak_steps(slot) == LEAK_DONE)
			return 0;
	s = scratch_at(slot);
	if (s)
		s->reason = CT_LEAK_REASON_BUSY;
	return 0;
}

#endif
