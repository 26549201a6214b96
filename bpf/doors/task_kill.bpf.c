/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every signal that a process sends by kill, tgkill, sigqueue or pidfd. Those that end a protected process without a
 * core, or open no debugger, pass: a supervisor must be able to stop what it started. Signals of the kernel itself
 * never come here.
 */
#include "../guards/agent_signal.h"
#include "../guards/coredump.h"

DOOR(task_kill, struct task_struct *task, struct kernel_siginfo *info, int sig)
{
	struct ct_attempt attempt = { .door = CT_DOOR_TASK_KILL };

	if (gives_memory(task, sig))
		guard_signal(task, sig, CT_SIGNAL_ROAD_KILL, &attempt);
	else
		guard_agent_signal(task, sig, CT_SIGNAL_ROAD_KILL, &attempt);
	return decide(&attempt);
}
