/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The channels that show at a file when it is read or written: io_uring, splice and its kin. */
#ifndef CT_GUARD_CHANNELS_H
#define CT_GUARD_CHANNELS_H

#include "ring.h"
#include "zero_copy.h"

/* What only the numbers of a few system calls, and workers, whose numbers mean nothing, make worth a look. */
static __always_inline bool may_be_channel(void)
{
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return true;
	if (is_worker())
		return true;
	switch (syscall_hint() & ~X32_BIT) {
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
	int verdict;

	if (!me || me->role & CT_ROLE_PROBER)
		return 0;
	guard_ring(CT_RING_ROAD_FILE, me, attempt);
	verdict = judge_act(attempt);
	if (verdict)
		return verdict;
	guard_zero_copy(file, mask, me, attempt);
	return judge_act(attempt);
}

#endif
