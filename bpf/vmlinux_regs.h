/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Part of vmlinux.h: what differs between processors. */
#ifndef CT_VMLINUX_REGS_H
#define CT_VMLINUX_REGS_H

/* Where a 32-bit call is told. */
struct thread_info {
#ifdef __TARGET_ARCH_arm64
	unsigned long flags;
#else
	__u32 status;
#endif
};

#ifdef __TARGET_ARCH_arm64
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
};

struct pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
	__u64 orig_x0;
	__s32 syscallno;
};
#else
struct pt_regs {
	unsigned long r8;
	unsigned long r9;
	unsigned long r10;
	unsigned long bx;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long bp;
	unsigned long orig_ax;
	/* The stack arithmetic of 5.10 needs the true size, which CO-RE gives; the tail keeps the type complete. */
	unsigned long ss;
};
#endif

#endif
