/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tracefs_probe: the files in which probes and synthetic events are defined, those that say which of a system call's
 * events count, or what happens then, by the text at an address that it is given (the kernel's too), and those that
 * switch these events on where they record what a call was given (the bytes of a write among them). A dentry is the
 * same one through every mount of the one tracefs there is, debugfs/tracing too; instances have files of their own with
 * the same names.
 */
#ifndef CT_GUARD_TRACEFS_H
#define CT_GUARD_TRACEFS_H

#include "procfs.h"

#define TRACEFS_MAGIC 0x74726163

/* Since 6.19 the events of system calls copy what user pointers lead to. Before, they showed the pointers alone. */
struct trace_array___contents {
	unsigned int syscall_buf_sz;
} __attribute__((preserve_access_index));

/* A synthetic event turns a number of another event into the text at that address. */
static __always_inline bool defines_probe(const struct ct_short_name *name)
{
	return NAME_IS(name, "kprobe_events") || NAME_IS(name, "uprobe_events") || NAME_IS(name, "dynamic_events") ||
	       NAME_IS(name, "synthetic_events");
}

/* A file of one event of a system call, of all of them, or of every event there is. */
static __always_inline bool is_in_syscalls(struct dentry *dentry)
{
	struct dentry *above = LOAD(dentry, d_parent);
	struct ct_short_name name;

	if (short_name(above, &name) && (NAME_IS(&name, "syscalls") || NAME_IS(&name, "events")))
		return true;
	return short_name(LOAD(above, d_parent), &name) && NAME_IS(&name, "syscalls");
}

/*
 * Takes "FUNCTION:enable_event:syscalls:NAME". Longer than a short name. One that cannot be read (a dentry's at hand,
 * which can) is another.
 */
static __always_inline bool is_function_filter(struct dentry *dentry)
{
	char name[24] = {};
	__u64 low, middle;

	if (LOAD(dentry, d_name.len) != sizeof("set_ftrace_filter") - 1)
		return false;
	bpf_probe_read_kernel_str(name, sizeof(name), LOAD(dentry, d_name.name));
	__builtin_memcpy(&low, "set_ftra", 8);
	__builtin_memcpy(&middle, "ce_filte", 8);
	return *(__u64 *)&name[0] == low && *(__u64 *)&name[8] == middle && name[16] == 'r';
}

/* Triggers of any event may switch on any other. */
static __always_inline bool records_syscalls(struct dentry *dentry, const struct ct_short_name *name)
{
	if (!bpf_core_field_exists(struct trace_array___contents, syscall_buf_sz))
		return false;
	if (!name->len)
		return is_function_filter(dentry);
	if (NAME_IS(name, "enable"))
		return is_in_syscalls(dentry);
	return NAME_IS(name, "set_event");
}

/* Histograms have what they count in them as text, and raise synthetic events that were there before. */
static __always_inline bool tells_text(struct dentry *dentry, const struct ct_short_name *name)
{
	return NAME_IS(name, "trigger") || (NAME_IS(name, "filter") && is_in_syscalls(dentry));
}

/* A call chain follows the frame pointer of whoever runs: see perf.h. */
static __always_inline bool shows_user_stacks(const struct ct_short_name *name)
{
	return NAME_IS(name, "userstacktrace") || NAME_IS(name, "trace_options");
}

static __always_inline void guard_tracefs(const struct ct_file *seen, __u32 mode, struct ct_attempt *attempt)
{
	if (!(mode & FMODE_WRITE))
		return;
	if (!defines_probe(&seen->name) && !tells_text(seen->dentry, &seen->name) && !shows_user_stacks(&seen->name) &&
	    !records_syscalls(seen->dentry, &seen->name))
		return;
	attempt->vector = CT_VECTOR_TRACEFS_PROBE;
	attempt->arg[0] = seen->flags;
	attempt->name = name_of(seen->dentry);
}

#endif
