/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * agent_signal: what ends, stops or opens the agent. Signals that dump core belong to coredump_signal, and are
 * agent_access when the agent gets them.
 */
#ifndef CT_GUARD_AGENT_SIGNAL_H
#define CT_GUARD_AGENT_SIGNAL_H

#include "../verdict.h"

/*
 * HUP reloads; CHLD, CONT, URG and WINCH do nothing to a process that runs; 0 asks whether it is there. USR1 is none of
 * them: it opens the debugger of a Node.js process that does not handle it.
 */
#define HARMLESS_SIGNALS (1U << 0 | 1U << 1 | 1U << 17 | 1U << 18 | 1U << 23 | 1U << 28)
#define SIGIO_NUMBER	 29

static __always_inline bool harms_agent(struct task_struct *task, int sig)
{
	if (sig < 0 || (sig < 32 && HARMLESS_SIGNALS >> sig & 1))
		return false;
	return serves_agent(scope_of(leader_of(task)));
}

static __always_inline void guard_agent_signal(struct task_struct *task, int sig, __u32 road,
					       struct ct_attempt *attempt)
{
	if (!harms_agent(task, sig))
		return;
	attempt->vector = CT_VECTOR_AGENT_SIGNAL;
	attempt->target = address_of(task);
	attempt->arg[0] = sig;
	attempt->arg[1] = road;
}

/* A descriptor whose owner chose no signal sends SIGIO, which ends a process as SIGTERM does. */
static __always_inline int owner_signal(int sig)
{
	return sig ? sig : SIGIO_NUMBER;
}

#endif
