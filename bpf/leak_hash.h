/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hash functions of the leak engine, for the kernel and for whoever registers secrets, so that they cannot differ.
 * Plain C, also C++; needs __u64 and __u32. Words are read in the machine's own byte order.
 */
#ifndef CT_LEAK_HASH_H
#define CT_LEAK_HASH_H

/* A window is 8 bytes of a form at any offset. */
#define CT_LEAK_WINDOW	    8
#define CT_LEAK_WINDOW_BITS 24 /* log2 of the bits in "leak_windows" */
#define CT_LEAK_ANCHOR_BITS 20 /* log2 of the bits in "leak_anchor_bits" */

#define CT_LEAK_INLINE static inline __attribute__((always_inline))

/* What both bit indexes are made of. Made for every probed offset, so it is short; by itself it hides nothing. */
CT_LEAK_INLINE __u64 ct_leak_mix(__u64 window, __u64 key0, __u64 key1)
{
	return (window ^ key0) * (key1 | 1);
}

/* Bit n is bit n & 7 of byte n >> 3. */
CT_LEAK_INLINE __u32 ct_leak_window_bit(__u64 mix)
{
	return (__u32)(mix >> (64 - CT_LEAK_WINDOW_BITS));
}

CT_LEAK_INLINE __u32 ct_leak_anchor_bit(__u64 mix)
{
	return (__u32)(mix >> (64 - CT_LEAK_ANCHOR_BITS));
}

/* SipHash-2-4 over words instead of bytes. */
struct ct_leak_sip {
	__u64 v0, v1, v2, v3;
};

#define CT_LEAK_ROTATE(x, by) (((x) << (by)) | ((x) >> (64 - (by))))

CT_LEAK_INLINE void ct_leak_sip_round(struct ct_leak_sip *s)
{
	s->v0 += s->v1;
	s->v1 = CT_LEAK_ROTATE(s->v1, 13) ^ s->v0;
	s->v0 = CT_LEAK_ROTATE(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = CT_LEAK_ROTATE(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = CT_LEAK_ROTATE(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = CT_LEAK_ROTATE(s->v1, 17) ^ s->v2;
	s->v2 = CT_LEAK_ROTATE(s->v2, 32);
}

CT_LEAK_INLINE void ct_leak_sip_begin(struct ct_leak_sip *s, __u64 key0, __u64 key1)
{
	s->v0 = key0 ^ 0x736f6d6570736575ULL;
	s->v1 = key1 ^ 0x646f72616e646f6dULL;
	s->v2 = key0 ^ 0x6c7967656e657261ULL;
	s->v3 = key1 ^ 0x7465646279746573ULL;
}

CT_LEAK_INLINE void ct_leak_sip_absorb(struct ct_leak_sip *s, __u64 word)
{
	s->v3 ^= word;
	ct_leak_sip_round(s);
	ct_leak_sip_round(s);
	s->v0 ^= word;
}

CT_LEAK_INLINE __u64 ct_leak_sip_end(struct ct_leak_sip *s, __u32 length)
{
	ct_leak_sip_absorb(s, (__u64)length << 56 | length);
	s->v2 ^= 0xff;
	ct_leak_sip_round(s);
	ct_leak_sip_round(s);
	ct_leak_sip_round(s);
	ct_leak_sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* ct_leak_anchor_key.window. The length 0 sets it apart from the fingerprint of a form. */
CT_LEAK_INLINE __u64 ct_leak_anchor_hash(__u64 window, __u64 key0, __u64 key1)
{
	struct ct_leak_sip s;

	ct_leak_sip_begin(&s, key0, key1);
	ct_leak_sip_absorb(&s, window);
	return ct_leak_sip_end(&s, 0);
}

/*
 * ct_leak_anchor.fingerprint: every eighth window from the start, and the last one if the length is no multiple of 8.
 * length: at least CT_LEAK_WINDOW.
 */
CT_LEAK_INLINE __u64 ct_leak_fingerprint(const unsigned char *form, __u32 length, __u64 key0, __u64 key1)
{
	struct ct_leak_sip s;
	__u64 word = 0;
	__u32 at;

	ct_leak_sip_begin(&s, key0, key1);
	for (at = 0; at + CT_LEAK_WINDOW <= length; at += CT_LEAK_WINDOW) {
		__builtin_memcpy(&word, form + at, sizeof(word));
		ct_leak_sip_absorb(&s, word);
	}
	if (at < length) {
		__builtin_memcpy(&word, form + length - CT_LEAK_WINDOW, sizeof(word));
		ct_leak_sip_absorb(&s, word);
	}
	return ct_leak_sip_end(&s, length);
}

#endif
