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
#include "procfs_names.h"

#define ANON_INODE_FS_MAGIC 0x09041934
#define PROC_SUPER_MAGIC    0x9fa0
#define FMODE_READ	    1
#define S_IFMT		    0170000
#define S_IFREG		    0100000
#define S_IFDIR		    0040000

/* The task behind a /proc/PID or /proc/PID/task/TID file; 0 if it is gone (the kernel then answers ESRCH itself). */
static __always_inline __u64 procfs_task(struct inode *inode)
{
	__u64 proc = (__u64)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);

	return task_of_pid(BPF_CORE_READ((struct proc_inode *)proc, pid));
}

/* mem opened for both is one attempt: it counts as the stricter of the two vectors, as writing when they are equal. */
static __always_inline __u32 procmem_vector(__u32 f_mode, struct inode *inode)
{
	__u64 groups;

	if (!(f_mode & FMODE_WRITE))
		return CT_VECTOR_PROCMEM_READ;
	if (!(f_mode & FMODE_READ))
		return CT_VECTOR_PROCMEM_WRITE;
	groups = groups_of(procfs_task(inode));
	return rule_of(CT_VECTOR_PROCMEM_READ, groups) > rule_of(CT_VECTOR_PROCMEM_WRITE, groups)
		       ? CT_VECTOR_PROCMEM_READ
		       : CT_VECTOR_PROCMEM_WRITE;
}

/* False if the process is gone: then there is nothing to guard. */
static __always_inline bool procfs_attempt(const struct ct_file *seen, struct inode *inode, bool of_process,
					   struct ct_attempt *attempt)
{
	attempt->arg[0] = seen->flags;
	attempt->name = name_of(seen->dentry);
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
	if (vector == CT_VECTOR_MODULE_LOAD) {
		attempt->arg[0] = CT_MODULE_ROAD_MODPROBE;
	} else if (vector == CT_VECTOR_COREDUMP_LIMITS) {
		attempt->arg[0] = CT_LIMIT_ROAD_FILTER;
		/* All of memory would be in the core that a limit forces. */
		attempt->beyond_limits = true;
	} else if (vector == CT_VECTOR_AGENT_CGROUP) {
		attempt->arg[0] = CT_STARVE_ROAD_SYSRQ;
	}
}

static __always_inline void guard_procfs(const struct ct_file *seen, struct inode *inode, __u32 mode,
					 struct ct_attempt *attempt)
{
	__u32 found = procfs_vector(seen, mode);
	__u32 vector = found & ~CT_FILE_OF_PROCESS;

	if (vector == CT_VECTOR_NONE || !procfs_attempt(seen, inode, found & CT_FILE_OF_PROCESS, attempt))
		return;
	if (vector == CT_FILE_MEM)
		vector = procmem_vector(mode, inode);
	else if (vector == CT_FILE_ENVIRON)
		vector = CT_VECTOR_ENVIRON_READ;
	name_road(vector, attempt);
	attempt->vector = vector;
}

#endif
