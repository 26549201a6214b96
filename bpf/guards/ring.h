/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * chan_io_uring: a protected process makes a ring, or uses one that it inherited. io_uring_enter itself passes no hook,
 * its operations pass those of files and sockets, in the caller or in a worker, which is a thread of the process.
 */
#ifndef CT_GUARD_RING_H
#define CT_GUARD_RING_H

#include "name.h"
#include "own_act.h"

/* A worker's system call number is that of whatever its maker was in. */
static __always_inline bool is_worker(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return ((struct task_struct *)bpf_get_current_task_btf())->flags & PF_IO_WORKER;
	return TASK_READ(current_task(), flags) & PF_IO_WORKER;
}

/* A global function, as in allow.h. */
__weak __noinline int ct_is_ring_operation(void)
{
	struct ct_syscall call;

	if (is_worker())
		return 1;
	current_syscall(&call);
	if (!call.compat)
		call.nr &= ~X32_BIT;
	return call.nr == NR_IO_URING_ENTER || call.nr == NR_IO_URING_SETUP;
}

/* The hint first: it costs a fraction of the answer. */
static __always_inline bool may_be_ring(void)
{
	__s32 nr = hint_or_worker();

	return nr < 0 || (nr & ~X32_BIT) == NR_IO_URING_SETUP || (nr & ~X32_BIT) == NR_IO_URING_ENTER;
}

static __always_inline void guard_ring(__u64 road, const struct ct_scope *me, struct ct_attempt *attempt)
{
	if (!may_be_ring() || !ct_is_ring_operation())
		return;
	own_act(CT_VECTOR_CHAN_IO_URING, road, me, attempt);
	attempt->burst = true;
}

#endif
