/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The channels that show at a file when it is read or written: io_uring, splice and its kin. */
#ifndef CT_GUARD_CHANNELS_H
#define CT_GUARD_CHANNELS_H

#include "ring.h"
#include "zero_copy.h"

/*
 * Of a process that may be protected: what the number of the system call, or being a worker, whose number means
 * nothing, makes worth a look. Read and write have low numbers in both tables.
 */
static __always_inline bool may_be_channel(void)
{
	__s32 nr = hint_or_worker();

	if (nr < 0)
		return true;
	if (nr < LEAST_CHANNEL_CALL)
		return false;
	switch (nr & ~X32_BIT) {
	case NR_SENDFILE:
	case NR32_SENDFILE:
	case NR32_SENDFILE64:
	case NR_SPLICE:
	case NR32_SPLICE:
	case NR_COPY_RANGE:
	case NR32_COPY_RANGE:
	case NR_IO_URING_SETUP:
	case NR_IO_URING_ENTER: return true;
	}
	return false;
}

enum ct_caller {
	CALLER_NOBODY,
	CALLER_OWN,	/* may be protected */
	CALLER_SPLICES, /* is not, and may be moving a protected process's pages from a pipe to a file */
};

/*
 * Everybody asks this at every read and write: one look at the task, where the kernel has it typed. Where the number of
 * the call is dear, nobody looks at what others splice.
 */
static __always_inline enum ct_caller caller_at(int mask)
{
	struct task_struct *task;
	__s32 nr;

	if (!HAS_REGISTERS_AT_HAND)
		return may_be_in_scope(leader_at_hand()) ? CALLER_OWN : CALLER_NOBODY;
	task = (void *)bpf_get_current_task_btf();
	if (leads_filled(task))
		return CALLER_OWN;
	if (!(mask & MAY_WRITE))
		return CALLER_NOBODY;
	nr = (__s32)((struct pt_regs *)bpf_task_pt_regs(task))->REG_CALL;
	return (nr & ~X32_BIT) == NR_SPLICE || nr == NR32_SPLICE ? CALLER_SPLICES : CALLER_NOBODY;
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
