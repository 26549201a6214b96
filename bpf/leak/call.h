/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The system call that is going on, with its arguments, by as few reads as the kernel allows: this is asked at every
 * write of a protected process.
 */
#ifndef CT_LEAK_CALL_H
#define CT_LEAK_CALL_H

#include "../task.h"

struct ct_leak_call {
	__s32 nr;    /* -1: the registers are not those of a call (io_uring's worker) */
	bool compat; /* numbers of the 32-bit table */
	bool narrow; /* its pointers in memory are of 4 bytes: 32-bit calls, and x32 */
	__u64 arg[5];
};

#define BY_TYPE(reg) regs->reg
#define BY_COPY(reg) BPF_CORE_READ(regs, reg)

#ifdef __TARGET_ARCH_arm64
static __always_inline void take_registers(struct ct_leak_call *call, __u64 x0, __u64 x1, __u64 x2, __u64 x3, __u64 x4)
{
	call->arg[0] = call->compat ? (__u32)x0 : x0;
	call->arg[1] = call->compat ? (__u32)x1 : x1;
	call->arg[2] = call->compat ? (__u32)x2 : x2;
	call->arg[3] = call->compat ? (__u32)x3 : x3;
	call->arg[4] = call->compat ? (__u32)x4 : x4;
}
#else
static __always_inline void take_registers(struct ct_leak_call *call, __u64 bx, __u64 cx, __u64 dx, __u64 si, __u64 di,
					   __u64 r10, __u64 r8)
{
	if (call->compat) {
		call->arg[0] = (__u32)bx;
		call->arg[1] = (__u32)cx;
		call->arg[2] = (__u32)dx;
		call->arg[3] = (__u32)si;
		call->arg[4] = (__u32)di;
	} else {
		call->arg[0] = di;
		call->arg[1] = si;
		call->arg[2] = dx;
		call->arg[3] = r10;
		call->arg[4] = r8;
	}
}
#endif

/* Typed reads, where the kernel has the helpers: one instruction each. */
static __always_inline void call_by_types(struct ct_leak_call *call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	if (task->flags & (PF_IO_WORKER | PF_KTHREAD))
		return;
	call->compat = (task->thread_info.COMPAT_WORD & COMPAT_BIT) != 0;
	call->nr = (__s32)regs->REG_CALL;
	take_registers(call, ARGUMENT_REGISTERS(BY_TYPE));
}

/* By helper in 5.10, as in current_syscall(). */
static __always_inline void call_by_copies(struct ct_leak_call *call)
{
	struct task_struct *task = (void *)current_task();
	struct pt_regs *regs;

	if (TASK_READ(task, flags) & (PF_IO_WORKER | PF_KTHREAD))
		return;
	regs = current_regs();
	call->compat = (TASK_READ(task, thread_info.COMPAT_WORD) & COMPAT_BIT) != 0;
	call->nr = (__s32)BPF_CORE_READ(regs, REG_CALL);
	take_registers(call, ARGUMENT_REGISTERS(BY_COPY));
}

static __always_inline void leak_call(struct ct_leak_call *call)
{
	call->nr = -1;
	call->compat = false;
	call->narrow = false;
	if (HAS_REGISTERS_AT_HAND)
		call_by_types(call);
	else
		call_by_copies(call);
	call->narrow = call->compat;
	if (call->nr >= 0 && !call->compat && call->nr & X32_BIT) {
		call->nr &= ~X32_BIT;
		call->narrow = true;
	}
}

#endif
