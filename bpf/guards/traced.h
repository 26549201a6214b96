/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ptrace_traceme: the protected process itself makes its parent the tracer, or executes an image while one traces it.
 * The offender is the tracer, not the current task; within one workload both are free.
 */
#ifndef CT_GUARD_TRACED_H
#define CT_GUARD_TRACED_H

#include "../verdict.h"

static __always_inline void guard_traceme(struct task_struct *parent, struct ct_attempt *attempt)
{
	__u64 tracer = address_of(parent);
	struct ct_scope *its = scope_of(leader_of(parent));

	attempt->vector = CT_VECTOR_PTRACE_TRACEME;
	attempt->offender = tracer;
	/* The canary's attacker has a child trace itself, which nobody protects: an attempt without a target. */
	if (!(its && its->role & CT_ROLE_PROBER))
		attempt->target = current_task();
}

/*
 * A tracer from before protection, or one that seized the parent and got its children with it, for which no
 * ptrace hook is called: the new image must not start under its eyes.
 */
static __always_inline void guard_traced_exec(__u64 task, struct ct_attempt *attempt)
{
	if (!TASK_READ(task, ptrace))
		return;
	attempt->vector = CT_VECTOR_PTRACE_TRACEME;
	attempt->offender = (__u64)TASK_READ(task, parent);
	attempt->target = task;
	attempt->arg[0] = TASK_READ(task, ptrace);
}

#endif
