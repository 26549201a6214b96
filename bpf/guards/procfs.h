/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * procmem_read, procmem_write, environ_read, proc_layout, oom_adj, coredump_limits, kcore, core_pattern, module_load by
 * way of kernel.modprobe, agent_cgroup by way of sysrq-trigger, and hooks_off by way of kernel.ftrace_enabled.
 * The file itself is guarded at open, because from 6.14 on a holder of CAP_PERFMON passes the kernel's own
 * ptrace check for environ and maps. The target is the pid behind the inode, so task/TID and a second mount are the
 * same.
 */
#ifndef CT_GUARD_PROCFS_H
#define CT_GUARD_PROCFS_H

#include "../verdict.h"
#include "name.h"

#define PROC_SUPER_MAGIC 0x9fa0
#define FMODE_WRITE	 2
#define S_IFMT		 0170000
#define S_IFREG		 0100000

/* The task behind a /proc/PID or /proc/PID/task/TID file; 0 if it is gone (the kernel then answers ESRCH itself). */
static __always_inline __u64 procfs_task(struct inode *inode)
{
	__u64 proc = (__u64)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);

	return task_of_pid(BPF_CORE_READ((struct proc_inode *)proc, pid));
}

/* mem opened for both is one attempt: it counts as the stricter of the two vectors, as writing when they are equal. */
static __always_inline __u32 procmem_vector(__u32 f_mode, struct inode *inode)
{
	__u32 group;

	if (!(f_mode & FMODE_WRITE))
		return CT_VECTOR_PROCMEM_READ;
	if (!(f_mode & 1))
		return CT_VECTOR_PROCMEM_WRITE;
	group = group_of(procfs_task(inode));
	return rule_of(CT_VECTOR_PROCMEM_READ, group) > rule_of(CT_VECTOR_PROCMEM_WRITE, group)
		       ? CT_VECTOR_PROCMEM_READ
		       : CT_VECTOR_PROCMEM_WRITE;
}

static __always_inline __u32 layout_vector(const struct ct_short_name *name)
{
	switch (name->len) {
	case 4: return NAME_IS(name, "maps") || NAME_IS(name, "auxv") ? CT_VECTOR_PROC_LAYOUT : CT_VECTOR_NONE;
	case 5: return NAME_IS(name, "smaps") || NAME_IS(name, "stack") ? CT_VECTOR_PROC_LAYOUT : CT_VECTOR_NONE;
	case 7: return NAME_IS(name, "pagemap") || NAME_IS(name, "syscall") ? CT_VECTOR_PROC_LAYOUT : CT_VECTOR_NONE;
	case 9: return NAME_IS(name, "numa_maps") ? CT_VECTOR_PROC_LAYOUT : CT_VECTOR_NONE;
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
	case 9: return NAME_IS(name, "keycreate") || NAME_IS(name, "setgroups");
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

/* of_process: the file belongs to a process, which is the target. */
static __always_inline __u32 procfs_vector(const struct ct_short_name *name, __u32 f_mode, struct inode *inode,
					   bool *of_process)
{
	__u32 vector;

	*of_process = true;
	if (NAME_IS(name, "mem"))
		return procmem_vector(f_mode, inode);
	if (NAME_IS(name, "environ"))
		return CT_VECTOR_ENVIRON_READ;
	vector = layout_vector(name);
	if (vector == CT_VECTOR_NONE)
		vector = tamper_vector(name, f_mode);
	if (vector != CT_VECTOR_NONE)
		return vector;
	*of_process = false;
	return node_file_vector(name, f_mode);
}

/* False if the process is gone: then there is nothing to guard. */
static __always_inline bool procfs_attempt(struct file *file, struct inode *inode, bool of_process,
					   struct ct_attempt *attempt)
{
	struct dentry *dentry = LOAD(file, f_path.dentry);

	attempt->arg[0] = LOAD(file, f_flags);
	attempt->name = BPF_CORE_READ(dentry, d_name.name);
	if (!of_process)
		return true;
	attempt->target = procfs_task(inode);
	if (!attempt->target)
		return false;
	attempt->arg[1] = TASK_READ(attempt->target, pid);
	return true;
}

/* Three vectors have other roads too, and name this one. */
static __always_inline void name_road(__u32 vector, struct ct_attempt *attempt)
{
	if (vector == CT_VECTOR_MODULE_LOAD)
		attempt->arg[0] = CT_MODULE_ROAD_MODPROBE;
	else if (vector == CT_VECTOR_COREDUMP_LIMITS)
		attempt->arg[0] = CT_LIMIT_ROAD_FILTER;
	else if (vector == CT_VECTOR_AGENT_CGROUP)
		attempt->arg[0] = CT_STARVE_ROAD_SYSRQ;
}

static __always_inline void guard_procfs(struct file *file, struct inode *inode, struct ct_attempt *attempt)
{
	struct ct_short_name name;
	bool of_process;
	__u32 vector;

	if (!short_name(LOAD(file, f_path.dentry), &name))
		return;
	vector = procfs_vector(&name, LOAD(file, f_mode), inode, &of_process);
	if (vector == CT_VECTOR_NONE || !procfs_attempt(file, inode, of_process, attempt))
		return;
	name_road(vector, attempt);
	attempt->vector = vector;
}

#endif
