/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What differs between the forms, and nothing else does. Without CT_FORM_SIGNAL a door refuses (lsm, fmod_ret). With
 * it the same door is a kprobe on security_<hook>, for kernels without BPF trampolines: it refuses nothing and kills
 * the offender after the fact. Kprobes get no typed pointers, so LOAD() reads there by helper.
 */
#ifndef CT_FORM_H
#define CT_FORM_H

#ifndef CT_SEC
#define CT_SEC(name) SEC(name)
#endif

#ifdef CT_FORM_SIGNAL

#define CT_REFUSES 0

#define DOOR(hook, args...)                                                                                            \
	SEC("kprobe")                                                                                                  \
	int BPF_KPROBE(ct_##hook, args)

/*
 * The door's own argument, and by it those of the hook, for functions behind the way out: to keep one costs less. No
 * typedef: by its name CO-RE would look for the registers in the kernel.
 */
#define ct_context struct pt_regs
/* A function behind the way out has no frame of its own here: what is read takes stack, and 5.10 counts all of it. */
#define BEHIND		 __always_inline
#define ARGUMENT(ctx, n) PT_REGS_PARM##n(ctx)

#define LOAD(from, fields...) BPF_CORE_READ(from, fields)
/* Failure direction: what cannot be read is 0, which no guard knows. */
#define LOAD_WORD(address)                                                                                             \
	({                                                                                                             \
		__u64 word_ = 0;                                                                                       \
		bpf_probe_read_kernel(&word_, sizeof(word_), (address));                                               \
		word_;                                                                                                 \
	})

#else

#define CT_REFUSES 1

#define DOOR(hook, args...)                                                                                            \
	CT_SEC("lsm/" #hook)                                                                                           \
	int BPF_PROG(ct_##hook, args)

typedef unsigned long long ct_context;
#define BEHIND		 __noinline
#define ARGUMENT(ctx, n) ((ctx)[(n) - 1])

#define LOAD(from, fields...) ___arrow(from, fields)
#define LOAD_WORD(address)    (*(__u64 *)(address))

#endif

/*
 * A door at a tracepoint: it refuses nothing in any form, and what the verifier knows of its arguments is the same in
 * all. Failure direction: the kernel may leave out a call that comes while the same program is preempted on that CPU.
 */
#define TRACE_DOOR(tracepoint, args...)                                                                                \
	CT_SEC("tp_btf/" #tracepoint)                                                                                  \
	int BPF_PROG(ct_##tracepoint, args)

/* What a door answers where the verdict is "no". */
#define CT_REFUSAL (CT_REFUSES ? -EPERM : 0)

#endif
