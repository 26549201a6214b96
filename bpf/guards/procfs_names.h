/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which vector a file of procfs belongs to, by its name and by how it is opened, read or written.
 */
#ifndef CT_GUARD_PROCFS_NAMES_H
#define CT_GUARD_PROCFS_NAMES_H

#include "name.h"

#define FMODE_WRITE 2

/* Beside the vector: the file belongs to a process, which is the target. */
#define CT_FILE_OF_PROCESS 0x100
/* In its place, for files whose vector is another one when they were opened before. */
#define CT_FILE_MEM	CT_VECTOR_MAX
#define CT_FILE_ENVIRON (CT_VECTOR_MAX + 1)

static __always_inline __u32 layout_vector(const struct ct_short_name *name)
{
	switch (name->len) {
	case 4: return NAME_IS(name, "maps") || NAME_IS(name, "auxv") ? CT_VECTOR_PROC_LAYOUT : CT_VECTOR_NONE;
	case 5: return NAME_IS(name, "smaps") || NAME_IS(name, "stack") ? CT_VECTOR_PROC_LAYOUT : CT_VECTOR_NONE;
	case 7: return NAME_IS(name, "pagemap") || NAME_IS(name, "syscall") ? CT_VECTOR_PROC_LAYOUT : CT_VECTOR_NONE;
	/* The second is a directory, whose entries are called by the addresses that they map. */
	case 9:
		return NAME_IS(name, "numa_maps") || NAME_IS(name, "map_files") ? CT_VECTOR_PROC_LAYOUT
										: CT_VECTOR_NONE;
	case 11: return NAME_IS(name, "personality") ? CT_VECTOR_PROC_LAYOUT : CT_VECTOR_NONE;
	case 12: return NAME_IS(name, "smaps_rollup") ? CT_VECTOR_PROC_LAYOUT : CT_VECTOR_NONE;
	}
	return CT_VECTOR_NONE;
}

static __always_inline bool is_tampered_name(const struct ct_short_name *name)
{
	switch (name->len) {
	case 4: return NAME_IS(name, "exec");
	case 7:
		return NAME_IS(name, "oom_adj") || NAME_IS(name, "uid_map") || NAME_IS(name, "gid_map") ||
		       NAME_IS(name, "current");
	case 8: return NAME_IS(name, "fscreate");
	case 9: return NAME_IS(name, "keycreate") || NAME_IS(name, "setgroups") || NAME_IS(name, "autogroup");
	case 10: return NAME_IS(name, "clear_refs") || NAME_IS(name, "projid_map") || NAME_IS(name, "sockcreate");
	case 13: return NAME_IS(name, "oom_score_adj") || NAME_IS(name, "timerslack_ns");
	case 14: return NAME_IS(name, "timens_offsets");
	}
	return false;
}

/* Files of a process that are harmless to read. */
static __always_inline __u32 tamper_vector(const struct ct_short_name *name, __u32 f_mode)
{
	if (!(f_mode & FMODE_WRITE))
		return CT_VECTOR_NONE;
	if (NAME_IS(name, "coredump_filter"))
		return CT_VECTOR_COREDUMP_LIMITS;
	return is_tampered_name(name) ? CT_VECTOR_OOM_ADJ : CT_VECTOR_NONE;
}

/* Files of the kernel, of no process. */
static __always_inline __u32 node_file_vector(const struct ct_short_name *name, __u32 f_mode)
{
	if (NAME_IS(name, "kcore") || NAME_IS(name, "vmcore"))
		return CT_VECTOR_KCORE;
	if (!(f_mode & FMODE_WRITE))
		return CT_VECTOR_NONE;
	if (NAME_IS(name, "modprobe"))
		return CT_VECTOR_MODULE_LOAD;
	if (NAME_IS(name, "core_pattern") || NAME_IS(name, "core_pipe_limit") || NAME_IS(name, "suid_dumpable"))
		return CT_VECTOR_CORE_PATTERN;
	if (NAME_IS(name, "ftrace_enabled"))
		return CT_VECTOR_HOOKS_OFF;
	if (NAME_IS(name, "sysrq-trigger"))
		return CT_VECTOR_AGENT_CGROUP;
	return CT_VECTOR_NONE;
}

/*
 * f_mode: MAY_WRITE of a read or write is the same bit as FMODE_WRITE. A global function, as in allow.h: two dozen
 * names, and each would be followed through the rest of the door.
 */
__weak __noinline int ct_procfs_vector(__u64 low, __u64 high, __u32 len, __u32 f_mode)
{
	const struct ct_short_name name = { .low = low, .high = high, .len = len };
	__u32 vector;

	if (NAME_IS(&name, "mem"))
		return CT_FILE_OF_PROCESS | CT_FILE_MEM;
	if (NAME_IS(&name, "environ"))
		return CT_FILE_OF_PROCESS | CT_FILE_ENVIRON;
	vector = layout_vector(&name);
	if (vector == CT_VECTOR_NONE)
		vector = tamper_vector(&name, f_mode);
	if (vector != CT_VECTOR_NONE)
		return CT_FILE_OF_PROCESS | vector;
	return node_file_vector(&name, f_mode);
}

/*
 * Longer names, which end in _all_cpu_backtrace, and print-fatal-signals: settings by which the kernel prints the
 * registers of whoever runs, or dies. A name that cannot be read (a dentry's at hand, which can) is another.
 */
__weak __noinline int ct_prints_registers(__u64 name, __u32 len)
{
	__u64 word = 0, wanted;

	if (len < 19 || len > 28)
		return 0;
	if (len == 19) {
		bpf_probe_read_kernel(&word, sizeof(word), (const void *)(name + 8));
		__builtin_memcpy(&wanted, "tal-sign", 8);
	} else {
		bpf_probe_read_kernel(&word, sizeof(word), (const void *)(name + len - 8));
		__builtin_memcpy(&wanted, "acktrace", 8);
	}
	return word == wanted;
}

/* The same for a file; 0: none. */
static __always_inline __u32 procfs_vector(const struct ct_file *seen, __u32 f_mode)
{
	if (!seen->name.len) {
		if (!(f_mode & FMODE_WRITE))
			return CT_VECTOR_NONE;
		return ct_prints_registers((__u64)name_of(seen->dentry), LOAD(seen->dentry, d_name.len))
			       ? CT_VECTOR_CORE_PATTERN
			       : CT_VECTOR_NONE;
	}
	return ct_procfs_vector(seen->name.low, seen->name.high, seen->name.len, f_mode);
}

#endif
