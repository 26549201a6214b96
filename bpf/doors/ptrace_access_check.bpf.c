/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ptrace(ATTACH, SEIZE), process_vm_readv/writev, pidfd_getfd and the open of /proc/PID/mem all end in
 * __ptrace_may_access(), which asks this hook once each. So does every look at /proc/PID/stat, by a mode of its own.
 */
#include "../guards/ptrace.h"

DOOR(ptrace_access_check, struct task_struct *child, unsigned int mode)
{
	struct ct_scope *target;

	if (!(mode & (PTRACE_MODE_ATTACH | PTRACE_MODE_NOAUDIT)))
		return 0;
	/* Cheap way out before the system call is looked at: most tracing is of processes nobody protects. */
	target = scope_of(leader_of(child));
	if (!target)
		return 0;
	if (!(mode & PTRACE_MODE_ATTACH))
		return hides_layout(child, target) ? CT_REFUSAL : 0;
	struct ct_attempt attempt = { .door = CT_DOOR_PTRACE_ACCESS_CHECK };
	guard_ptrace(child, target, mode, &attempt);
	return decide(&attempt);
}
