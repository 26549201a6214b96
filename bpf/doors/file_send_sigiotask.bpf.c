/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A descriptor's owner gets its signal (F_SETOWN, F_SETSIG). What moves the descriptor may be an interrupt, so the
 * current task is no evidence of who asked for it. Refused, the signal is dropped; nobody sees an errno.
 */
#include "../guards/agent_signal.h"
#include "../guards/coredump.h"

DOOR(file_send_sigiotask, struct task_struct *task, struct fown_struct *owner, int sig)
{
	struct ct_attempt attempt = { .door = CT_DOOR_FILE_SEND_SIGIOTASK, .bystander = true };

	if (gives_memory(task, sig))
		guard_signal(task, sig, CT_SIGNAL_ROAD_SIGIO, &attempt);
	else
		guard_agent_signal(task, owner_signal(sig), CT_SIGNAL_ROAD_SIGIO, &attempt);
	return decide(&attempt);
}
