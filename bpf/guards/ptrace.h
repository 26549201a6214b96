/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ptrace_attach, ptrace_seize, process_vm_read, process_vm_write, pidfd_getfd: all ask the kernel for ATTACH access.
 * READ access is left alone: ps, ls -l /proc/PID and container runtimes ask for it, and the files that matter
 * are guarded at open.
 */
#ifndef CT_GUARD_PTRACE_H
#define CT_GUARD_PTRACE_H

#include "../verdict.h"
#include "procfs.h"

#define PTRACE_MODE_ATTACH  0x02
#define PTRACE_MODE_NOAUDIT 0x04
#define PTRACE_SEIZE	    0x4206

struct ct_access {
	__u32 vector;
	/* The open or the read of a procfs file: file_open has reported it already, here is only the second lock. */
	bool reported;
	bool ptrace;
};

/*
 * The system call tells the vectors apart. What is none of those listed comes through io_uring, whose opens pass
 * file_open first, or is unknown: refused where memory is enforced.
 */
static __always_inline void classify_64(__s32 nr, struct ct_access *access)
{
	switch (nr & ~X32_BIT) {
	case PTRACE_CALLS:
		access->vector = CT_VECTOR_PTRACE_ATTACH;
		access->ptrace = true;
		return;
	case PROCESS_VM_READ_CALLS: access->vector = CT_VECTOR_PROCESS_VM_READ; return;
	case PROCESS_VM_WRITE_CALLS: access->vector = CT_VECTOR_PROCESS_VM_WRITE; return;
	case NR_PIDFD_GETFD: access->vector = CT_VECTOR_PIDFD_GETFD; return;
	case READ_CALLS:
		access->vector = CT_VECTOR_PROC_LAYOUT;
		access->reported = true;
		return;
	}
	access->vector = CT_VECTOR_PROCMEM_READ;
	access->reported = true;
}

static __always_inline void classify_32(__s32 nr, struct ct_access *access)
{
	switch (nr) {
	case NR32_PTRACE:
		access->vector = CT_VECTOR_PTRACE_ATTACH;
		access->ptrace = true;
		return;
	case NR32_PROCESS_VM_READ: access->vector = CT_VECTOR_PROCESS_VM_READ; return;
	case NR32_PROCESS_VM_WRITE: access->vector = CT_VECTOR_PROCESS_VM_WRITE; return;
	case NR_PIDFD_GETFD: access->vector = CT_VECTOR_PIDFD_GETFD; return;
	case READ_CALLS_32:
		access->vector = CT_VECTOR_PROC_LAYOUT;
		access->reported = true;
		return;
	}
	access->vector = CT_VECTOR_PROCMEM_READ;
	access->reported = true;
}

static __always_inline void guard_ptrace(struct task_struct *child, const struct ct_scope *target, unsigned int mode,
					 struct ct_attempt *attempt)
{
	struct ct_access access = {};
	struct ct_syscall call;

	current_syscall(&call);
	if (call.compat)
		classify_32(call.nr, &access);
	else
		classify_64(call.nr, &access);
	if (access.reported) {
		/* file_open has judged it; what it let pass in detect mode or by an allow list is not refused here. */
		if (mode_on(target, access.vector) != CT_MODE_ENFORCE)
			return;
		if (is_agent(target) && is_let_pass(CT_VECTOR_AGENT_ACCESS, groups_in(target)))
			return;
		if (!is_agent(target) && access.vector == CT_VECTOR_PROCMEM_READ &&
		    is_let_pass(CT_VECTOR_PROCMEM_WRITE, groups_in(target)))
			return;
	}
	if (access.ptrace) {
		attempt->arg[1] = call.arg0;
		if ((__u32)call.arg0 == PTRACE_SEIZE)
			access.vector = CT_VECTOR_PTRACE_SEIZE;
	}
	attempt->vector = access.vector;
	attempt->target = address_of(child);
	attempt->arg[0] = mode;
}

/*
 * What asks for READ without wanting it logged is /proc/PID/stat: it shows everybody the same line, with the addresses
 * of code, heap, stack and environment left out for who may not. Everybody reads it all the time, so it makes no event.
 */
static __always_inline bool hides_layout(struct task_struct *child, const struct ct_scope *target)
{
	__u64 task = address_of(child), known = ct_known(task);

	if (!(role_in(known) & (CT_ROLE_PROTECTED | CT_ROLE_AGENT)))
		return false;
	if (is_let_pass(vector_on(target, CT_VECTOR_PROC_LAYOUT), groups_in(target)))
		return false;
	return !may_inspect(current_task(), ct_known(current_task()), task, known);
}

#endif
