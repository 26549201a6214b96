/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The straight way for what is written most: one short buffer. Nothing is remembered and nobody is asked: the bytes are
 * copied once, and where none of the windows that are probed is a known one, no secret is there. All else, and what may
 * be a secret, is left to look_at(), which begins anew.
 */
#ifndef CT_LEAK_PLAIN_H
#define CT_LEAK_PLAIN_H

#include "match.h"

#define CT_LEAK_SHORT_MAX 16 /* probes, each of which the verifier follows */
#define CT_LEAK_STEP_MAX  255

#ifdef __TARGET_ARCH_arm64
/* What a kernel without the helper copies by one read. */
struct ct_leak_registers {
	__u64 regs[31], sp, pc, pstate, orig_x0;
	__s32 syscallno;
};
#define FIRST_REGISTER regs
#else
/* From r10 to orig_ax: what 5.10 copies by one read. */
struct ct_leak_registers {
	__u64 r10, r9, r8, ax, cx, dx, si, di, orig_ax;
};
#define FIRST_REGISTER r10
#endif

/* Registers that cannot be read are those of no write: it is looked at properly. */
static __always_inline bool written_plainly_by_copies(__u64 *base, __u64 *size)
{
	struct ct_leak_registers regs = {};
	struct ct_glimpse task;

	glimpse(&task);
	if (task.flags & (PF_IO_WORKER | PF_KTHREAD) || task.status & COMPAT_BIT)
		return false;
	bpf_probe_read_kernel(&regs, sizeof(regs),
			      (void *)registers_on(task.stack) + bpf_core_field_offset(struct pt_regs, FIRST_REGISTER));
	*base = regs.REG_ARG1;
	*size = regs.REG_ARG2;
	return regs.REG_CALL == NR_WRITE;
}

static __always_inline bool written_plainly(__u64 *base, __u64 *size)
{
	struct task_struct *task;
	struct pt_regs *regs;

	if (!HAS_REGISTERS_AT_HAND)
		return written_plainly_by_copies(base, size);
	task = bpf_get_current_task_btf();
	if (task->flags & (PF_IO_WORKER | PF_KTHREAD) || task->thread_info.COMPAT_WORD & COMPAT_BIT)
		return false;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	*base = regs->REG_ARG1;
	*size = regs->REG_ARG2;
	return regs->REG_CALL == NR_WRITE;
}

/* Of step offsets in a row one is probed, whichever the first is: the later it is, the less has to be copied. */
static __always_inline bool clean_in(struct ct_leak_scratch *s, const struct ct_leak_head *head,
				     const struct ct_leak_windows *windows, __u64 base, __u64 size, bool kernel)
{
	__u64 key0 = head->key[0], key1 = head->key[1], before = head->step - 1, at = 0, mix;
	/* Probing more often finds the same; what is bounded need not be masked at every probe. */
	__u64 step = BOUNDED(head->step < CT_LEAK_STEP_MAX ? head->step : CT_LEAK_STEP_MAX, CT_LEAK_STEP_MAX);

	size -= before;
	if (!fetch(s, s->bytes, BOUNDED(size, CT_LEAK_CHUNK - 1), base + before, kernel))
		return false;
	/* From here on: where the last window begins. */
	size -= CT_LEAK_WINDOW;
#pragma unroll
	for (int i = 0; i < CT_LEAK_SHORT_MAX; i++) {
		mix = ct_leak_mix(*(__u64 *)(s->bytes + at), key0, key1);
		if (bit_of(windows->bits, ct_leak_window_bit(mix)))
			return false;
		at += step;
		if (at > size)
			return true;
	}
	return false;
}

/* false: it has to be looked at properly. */
static __always_inline bool clean_if_short(__u64 base, __u64 size, bool kernel)
{
	struct ct_leak_head *head = leak_head_now();
	struct ct_leak_windows *windows;
	struct ct_leak_scratch *s;
	__u32 zero = 0;
	bool clean;

	/* The shortest form is of step + 7 bytes; without a step there is none. */
	if (!head || !head->step || size < (__u64)head->step + CT_LEAK_WINDOW - 1)
		return true;
	if (size >= (__u64)head->step * CT_LEAK_SHORT_MAX)
		return false;
	windows = bpf_map_lookup_elem(&leak_windows, &zero);
	s = scratch_at(0);
	if (!windows || !s || !scratch_take(s))
		return false;
	clean = clean_in(s, head, windows, base, size, kernel);
	scratch_give(s);
	return clean;
}

/* Global functions, for the sake of their own stack too: what judges lies on top of the room's. */
__weak __noinline int ct_leak_is_clean(__u64 base, __u64 size, __u32 kernel)
{
	return clean_if_short(base, size, kernel);
}

__weak __noinline int ct_leak_is_written_clean(void)
{
	__u64 base, size;

	return written_plainly(&base, &size) && clean_if_short(base, size, false);
}

#endif
