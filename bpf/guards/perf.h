/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * perf_target: an event on a protected task; registers, stacks or call chains of everybody, since a chain follows the
 * frame pointer, which may be any number, and has a word for each step; and an event of a system call, whosever: its
 * filter compares text at any address that the call is given, the kernel's too, and since 6.19 a sample copies it.
 * uprobe: by perf (its own type or an event that tracefs made earlier) and by a BPF link. No hook shows the probed
 * file, so a uprobe that names no task is an attempt on the node; one on an unprotected task goes off in that task
 * alone, and passes.
 */
#ifndef CT_GUARD_PERF_H
#define CT_GUARD_PERF_H

#include "../vmlinux_rare.h"
#include "tracefs.h"

#define PERF_SAMPLE_CALLCHAIN  (1ULL << 5)
#define PERF_SAMPLE_REGS_USER  (1ULL << 12)
#define PERF_SAMPLE_STACK_USER (1ULL << 13)
#define PERF_SAMPLE_REGS_INTR  (1ULL << 18)
#define EXCLUDE_CALLCHAIN_USER (1ULL << 22) /* of the word behind read_format */

#define UPROBE_FLAG_5_10     64
#define UPROBE_FLAG_6_1	     128
#define TRACE_UPROBE_MULTI   48
#define TRACE_UPROBE_SESSION 56

/*
 * The flag's enum has no name for CO-RE, so user space reads it from BTF. Where it is not known (yet), it is one of
 * two, by kernel, and the other bit is a kernel probe's: refused too. Its registering function would tell as well, but
 * for that address libbpf reads all of /proc/kallsyms at each start.
 */
static __always_inline bool is_uprobe(struct perf_event *event)
{
	struct trace_event_call *call = BPF_CORE_READ(event, tp_event);
	struct ct_settings *set;
	__u32 zero = 0, flag;

	if (!call)
		return false;
	set = bpf_map_lookup_elem(&settings, &zero);
	flag = set ? set->uprobe_flag : 0;
	return (BPF_CORE_READ(call, flags) & (flag ? flag : UPROBE_FLAG_5_10 | UPROBE_FLAG_6_1)) != 0;
}

/* A name that cannot be read (the kernel's own, which can) is another's. */
static __always_inline bool is_of_syscalls(struct perf_event *event)
{
	struct trace_event_call *call = BPF_CORE_READ(event, tp_event);
	__u64 system = 0, syscalls;

	if (!call)
		return false;
	bpf_probe_read_kernel(&system, sizeof(system), BPF_CORE_READ(call, class, system));
	__builtin_memcpy(&syscalls, "syscalls", sizeof(syscalls));
	return system == syscalls;
}

static __always_inline bool shows_processes(struct perf_event *event, __u64 samples)
{
	if (samples & (PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER | PERF_SAMPLE_REGS_INTR))
		return true;
	return (samples & PERF_SAMPLE_CALLCHAIN) && !(LOAD_WORD(&event->attr.read_format + 1) & EXCLUDE_CALLCHAIN_USER);
}

static __always_inline void guard_perf(struct perf_event *event, struct ct_attempt *attempt)
{
	__u64 target = (__u64)BPF_CORE_READ(event, hw.target);
	__u64 samples = LOAD(event, attr.sample_type);
	bool probe = is_uprobe(event), of_syscalls = is_of_syscalls(event);

	if (!target && !probe && !of_syscalls && !shows_processes(event, samples))
		return;
	attempt->vector = probe ? CT_VECTOR_UPROBE : CT_VECTOR_PERF_TARGET;
	/* The address may be anybody's, whoever makes the call. */
	attempt->target = of_syscalls ? 0 : target;
	attempt->arg[0] = LOAD(event, attr.type);
	attempt->arg[1] = samples;
}

static __always_inline void guard_uprobe_link(int cmd, union bpf_attr *attr, struct ct_attempt *attempt)
{
	__u32 type;

	if (cmd != BPF_LINK_CREATE)
		return;
	type = LOAD(attr, link_create.attach_type);
	if (type != TRACE_UPROBE_MULTI && type != TRACE_UPROBE_SESSION)
		return;
	attempt->vector = CT_VECTOR_UPROBE;
	attempt->arg[0] = type;
}

#endif
