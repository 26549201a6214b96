/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The channels that show at a file when it is read or written: io_uring, splice and its kin. */
#ifndef CT_GUARD_CHANNELS_H
#define CT_GUARD_CHANNELS_H

#include "ring.h"
#include "zero_copy.h"

#define LEAST_CHANNEL_CALL 40

/*
 * What the number of the system call, or being a worker, whose number means nothing, makes worth a look. Read and write
 * have low numbers in both tables. Of those who are not protected a splice matters that writes to a file, where the
 * number is cheap to ask.
 */
static __always_inline bool may_be_channel(bool may_be_own, int mask)
{
	__s32 nr;

	if (!may_be_own && (!HAS_REGISTERS_AT_HAND || !(mask & MAY_WRITE)))
		return false;
	nr = hint_or_worker();
	if (nr < 0)
		return true;
	if (nr < LEAST_CHANNEL_CALL)
		return false;
	switch (nr & ~X32_BIT) {
	case 40:
	case 187:
	case 239:
	case 275:
	case 313:
	case 326:
	case 377:
	case SYSCALL_IO_URING_SETUP:
	case SYSCALL_IO_URING_ENTER: return true;
	}
	return false;
}

/* The refusal, or 0. */
static __always_inline int guard_channels(struct file *file, int mask, struct ct_attempt *attempt)
{
	struct ct_scope *me = own_scope();

	if (!me || me->role & CT_ROLE_PROBER)
		return 0;
	guard_ring(CT_RING_ROAD_FILE, me, attempt);
	/* By their numbers a call is at most one of the two. */
	if (attempt->vector == CT_VECTOR_NONE)
		guard_zero_copy(file, mask, me, attempt);
	return judge_act(attempt);
}

#endif
