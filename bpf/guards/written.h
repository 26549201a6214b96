/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The number that the current system call is about to write to a file, for files whose content decides. Only write,
 * pwrite64 and writev of one piece are understood, as shells, libraries and container runtimes make them.
 */
#ifndef CT_GUARD_WRITTEN_H
#define CT_GUARD_WRITTEN_H

#include "../task.h"

#define WRITTEN_BYTES 16
#define MOST_DIGITS   10

enum ct_written {
	WRITTEN_NOTHING, /* no bytes, or 0: the caller itself */
	WRITTEN_NUMBER,
	WRITTEN_UNKNOWN, /* another system call, memory that is not there, another notation */
};

struct ct_piece {
	__u64 base;
	__u64 len;
};

static __always_inline bool read_piece(struct ct_piece *piece, __u64 from, __u32 index, bool compat)
{
	struct {
		__u32 base, len;
	} narrow = {};

	if (!compat)
		return !bpf_probe_read_user(piece, sizeof(*piece), (void *)(from + index * sizeof(*piece)));
	if (bpf_probe_read_user(&narrow, sizeof(narrow), (void *)(from + index * sizeof(narrow))))
		return false;
	piece->base = narrow.base;
	piece->len = narrow.len;
	return true;
}

/* musl's library writes two pieces of which one is empty. */
static __always_inline bool only_piece(struct ct_piece *piece, __u64 from, __u64 count, bool compat)
{
	struct ct_piece second = {};

	if (count == 0 || count > 2 || !read_piece(piece, from, 0, compat))
		return false;
	if (count == 2 && !read_piece(&second, from, 1, compat))
		return false;
	if (!second.len)
		return true;
	if (piece->len)
		return false;
	*piece = second;
	return true;
}

static __always_inline bool written_piece(struct ct_piece *piece)
{
	struct ct_syscall call;
	__u64 third;

	current_syscall(&call);
	if (call.nr < 0)
		return false;
	/* The same register in both tables. */
	third = BPF_CORE_READ(current_regs(), REG_ARG2);
	piece->base = call.arg1;
	piece->len = call.compat ? (__u32)third : third;
	if (call.compat && call.nr == NR32_WRITEV)
		return only_piece(piece, call.arg1, (__u32)third, true);
	if (call.compat)
		return call.nr == NR32_WRITE || call.nr == NR32_PWRITE64;
	call.nr &= ~X32_BIT;
	if (call.nr == NR_WRITEV)
		return only_piece(piece, call.arg1, third, false);
	return call.nr == NR_WRITE || call.nr == NR_PWRITE64;
}

static __always_inline bool ends_number(char c)
{
	return c == '\0' || c == '\n' || c == ' ';
}

static __always_inline enum ct_written written_number(__u64 *number)
{
	char text[WRITTEN_BYTES] = {};
	struct ct_piece piece = {};
	__u64 value = 0, len;

	if (!written_piece(&piece))
		return WRITTEN_UNKNOWN;
	if (!piece.len)
		return WRITTEN_NOTHING;
	len = piece.len < WRITTEN_BYTES ? piece.len : WRITTEN_BYTES - 1;
	/* 5.10 believes a mask, and the compiler must not see that it changes nothing. */
	asm volatile("" : "+r"(len));
	len &= WRITTEN_BYTES - 1;
	if (bpf_probe_read_user(text, len, (void *)piece.base))
		return WRITTEN_UNKNOWN;
	if (text[0] == '0')
		return ends_number(text[1]) ? WRITTEN_NOTHING : WRITTEN_UNKNOWN;
	if (ends_number(text[0]))
		return WRITTEN_UNKNOWN;
#pragma unroll
	for (int i = 0; i <= MOST_DIGITS; i++) {
		char c = text[i];

		if (ends_number(c)) {
			*number = value;
			return WRITTEN_NUMBER;
		}
		if (c < '0' || c > '9')
			return WRITTEN_UNKNOWN;
		value = value * 10 + (c - '0');
	}
	return WRITTEN_UNKNOWN;
}

#endif
