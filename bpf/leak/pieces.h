/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pieces of an operation (buffers, arrays of buffers or strings, control blocks): fetched a batch at a time, and
 * added up where nobody says how much they are. Global functions, which the verifier looks at once each; each says what
 * comes next.
 */
#ifndef CT_LEAK_PIECES_H
#define CT_LEAK_PIECES_H

#include "scratch.h"

/* A branch and a mask that the compiler must not see through: 5.10 believes only the mask. */
#define BOUNDED(value, mask)                                                                                           \
	({                                                                                                             \
		__u64 bounded_ = (value);                                                                              \
		asm volatile("" : "+r"(bounded_));                                                                     \
		bounded_ &(mask);                                                                                      \
	})

/* false: memory that is not there. */
static __always_inline bool fetch(struct ct_leak_scratch *s, void *to, __u32 size, __u64 from, bool kernel)
{
	if (kernel)
		return !bpf_probe_read_kernel(to, size, (void *)from);
	return !bpf_probe_read_user(to, size, (void *)from);
}

/* What could not be read is not looked at; without the will to let that pass, nothing more is. */
static __always_inline int not_readable(struct ct_leak_scratch *s, int otherwise)
{
	struct ct_leak_head *head = leak_head_now();

	s->reason = CT_LEAK_REASON_UNREADABLE;
	return head && head->unscanned == CT_LEAK_UNSCANNED_REPORT ? otherwise : LEAK_DONE;
}

/* What of the operation is looked at. */
static __always_inline int share_out(struct ct_leak_scratch *s)
{
	struct ct_leak_head *head = leak_head_now();
	__u32 limit = head ? head->scan_limit : 0;

	s->skip = 0;
	s->tail = 0;
	if (s->total <= limit) {
		s->budget = s->total;
		return LEAK_GATHER;
	}
	s->reason = CT_LEAK_REASON_BEYOND;
	if (!head || head->beyond == CT_LEAK_BEYOND_REFUSE)
		return LEAK_DONE;
	s->tail = limit / 2;
	s->budget = limit - s->tail;
	s->skip = s->total - limit;
	return LEAK_GATHER;
}

__weak __noinline int ct_leak_load(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	__u32 width, count;

	if (!s)
		return LEAK_DONE;
	count = s->pieces < CT_LEAK_BATCH ? s->pieces : CT_LEAK_BATCH;
	width = s->kind == LEAK_PIECES ? sizeof(struct ct_leak_piece) : sizeof(__u64);
	if (s->kind == LEAK_MESSAGES) {
		count = 1;
		width = sizeof(struct ct_leak_header);
	}
	if (s->narrow)
		width /= 2;
	s->pieces -= count;
	s->next = 0;
	s->loaded = count;
	/* At most 512 bytes; what the mask lets through beyond s->piece would be bytes, which are empty now. */
	if (!fetch(s, s->piece, BOUNDED(count * width, 1023), s->array, s->kernel_array)) {
		s->loaded = 0;
		return not_readable(s, LEAK_GATHER);
	}
	s->array += count * width;
	return s->measured ? LEAK_GATHER : LEAK_MEASURE;
}

__weak __noinline int ct_leak_measure(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	__u64 sum = 0;

	if (!s)
		return LEAK_DONE;
	for (__u32 i = 0; i < CT_LEAK_BATCH; i++) {
		if (i >= s->loaded)
			break;
		sum += s->narrow ? s->narrow_piece[i].len : s->piece[i].len;
	}
	s->total += sum;
	if (s->pieces)
		return LEAK_LOAD;
	s->measured = 1;
	if (s->count <= CT_LEAK_BATCH)
		return share_out(s);
	s->array = s->start;
	s->pieces = s->count;
	s->loaded = 0;
	s->next = 0;
	return share_out(s);
}

static __always_inline bool read_one_piece(struct ct_leak_scratch *s, __u64 from)
{
	struct ct_leak_narrow_piece narrow = {};
	struct ct_leak_piece piece = {};
	bool there;

	if (s->narrow) {
		there = !bpf_probe_read_user(&narrow, sizeof(narrow), (void *)from);
		piece.base = narrow.base;
		piece.len = narrow.len;
	} else {
		there = !bpf_probe_read_user(&piece, sizeof(piece), (void *)from);
	}
	s->base = piece.base;
	s->left = piece.len;
	return there;
}

#define IOCB_CMD_PWRITE	 1
#define IOCB_CMD_PWRITEV 8

/* struct iocb, the same for 32-bit programs. */
struct ct_leak_block {
	__u64 data, key;
	__u16 opcode, priority;
	__u32 descriptor;
	__u64 buffer, size;
};

/* One block, or one of the pieces that a block names. What is read is left to the kernel, which reads it again. */
static __always_inline bool open_block(struct ct_leak_scratch *s, __u64 from)
{
	struct ct_leak_block block = {};

	s->left = 0;
	if (bpf_probe_read_user(&block, sizeof(block), (void *)from))
		return false;
	if (block.opcode == IOCB_CMD_PWRITE) {
		s->base = block.buffer;
		s->left = block.size;
	} else if (block.opcode == IOCB_CMD_PWRITEV) {
		s->inner = block.buffer;
		s->inner_count = (__u32)block.size; /* as the kernel takes it */
	}
	return true;
}

enum ct_leak_next {
	NEXT_NONE, /* the batch is used up */
	NEXT_TAKEN,
	NEXT_UNREADABLE,
};

static __always_inline int next_piece(struct ct_leak_scratch *s)
{
	__u32 next = s->next;

	if (s->inner_count) {
		s->inner_count--;
		s->inner += s->narrow ? sizeof(struct ct_leak_narrow_piece) : sizeof(struct ct_leak_piece);
		return read_one_piece(s, s->inner - (s->narrow ? sizeof(struct ct_leak_narrow_piece)
							       : sizeof(struct ct_leak_piece)))
			       ? NEXT_TAKEN
			       : NEXT_UNREADABLE;
	}
	if (next >= s->loaded)
		return NEXT_NONE;
	s->next = next + 1;
	if (s->kind == LEAK_MESSAGES) {
		s->inner = s->narrow ? s->narrow_message.pieces : s->message.pieces;
		s->inner_count = s->narrow ? s->narrow_message.count : (__u32)s->message.count;
		return NEXT_TAKEN;
	}
	next = BOUNDED(next, CT_LEAK_BATCH - 1);
	if (s->kind == LEAK_PIECES) {
		s->base = s->narrow ? s->narrow_piece[next].base : s->piece[next].base;
		s->left = s->narrow ? s->narrow_piece[next].len : s->piece[next].len;
		return NEXT_TAKEN;
	}
	s->base = s->narrow ? s->narrow_string[next] : s->string[next];
	if (s->kind == LEAK_BLOCKS)
		return open_block(s, s->base) ? NEXT_TAKEN : NEXT_UNREADABLE;
	/* Where it ends is seen when it is read; an array of strings ends with none. */
	s->left = s->base ? 1 : 0;
	if (!s->base)
		s->pieces = s->loaded = 0;
	return NEXT_TAKEN;
}

#endif
