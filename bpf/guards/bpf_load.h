/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpf_load: programs of a type that can read another process or the kernel. The hook comes before any work is done
 * and holds the kernel's own copy of the attributes, so user space cannot change them afterwards.
 */
#ifndef CT_GUARD_BPF_LOAD_H
#define CT_GUARD_BPF_LOAD_H

#include "../local_maps.h"
#include "procfs.h"

#define TYPE(n) (1ULL << (n))

/*
 * kprobe, tracepoint, perf_event, raw_tracepoint (and writable), tracing, struct_ops, ext, lsm, syscall. And by their
 * context: sk_skb and sk_msg see what goes through kTLS in plain, cgroup_sockopt the keys that a process sets.
 */
#define READING_TYPES                                                                                                  \
	(TYPE(2) | TYPE(5) | TYPE(7) | TYPE(14) | TYPE(16) | TYPE(17) | TYPE(24) | TYPE(25) | TYPE(26) | TYPE(27) |    \
	 TYPE(28) | TYPE(29) | TYPE(31))

static __always_inline void guard_bpf_load(int cmd, union bpf_attr *attr, struct ct_attempt *attempt)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 type;

	if (cmd != BPF_PROG_LOAD)
		return;
	bpf_map_delete_elem(&judged_loads, &thread);
	type = LOAD(attr, prog_type);
	/* A type newer than this list may read anything: refused like the known ones. */
	if (type < 32 && !(READING_TYPES & TYPE(type)))
		return;
	attempt->vector = CT_VECTOR_BPF_LOAD;
	attempt->arg[0] = type;
	attempt->name = (const char *)attr + bpf_core_field_offset(union bpf_attr, prog_name);
}

static __always_inline bool is_bpf_read(__u32 reason)
{
	if (bpf_core_enum_value_exists(enum lockdown_reason___5_14, LOCKDOWN_BPF_READ_KERNEL))
		return reason == bpf_core_enum_value(enum lockdown_reason___5_14, LOCKDOWN_BPF_READ_KERNEL);
	return bpf_core_enum_value_exists(enum lockdown_reason___5_10, LOCKDOWN_BPF_READ) &&
	       reason == bpf_core_enum_value(enum lockdown_reason___5_10, LOCKDOWN_BPF_READ);
}

/*
 * Every other type (socket filters, XDP, traffic control) may call the helper that reads kernel memory too. The
 * verifier asks here when it meets the call; refused, the helper does not exist and the load fails with EINVAL.
 */
static __always_inline void guard_bpf_read(__u32 reason, struct ct_attempt *attempt)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct ct_syscall call;
	__u32 type = 0;

	if (!is_bpf_read(reason))
		return;
	current_syscall(&call);
	bpf_probe_read_user(&type, sizeof(type), (void *)call.arg1);
	/* Of the types refused at the bpf door only those get here that are not enforced, and that door has told of
	 * them. */
	if (mode_of(CT_VECTOR_BPF_LOAD, 0) != CT_MODE_ENFORCE && (type >= 32 || READING_TYPES & TYPE(type)))
		return;
	attempt->vector = CT_VECTOR_BPF_LOAD;
	attempt->arg[0] = type;
	/*
	 * The verifier asks for each call of the helper, some kernels twice for each: one load is one attempt. Where
	 * there is no memory to remember it by, each time is told.
	 */
	attempt->again = bpf_map_update_elem(&judged_loads, &thread, &type, BPF_NOEXIST) == -EEXIST;
}

#endif
