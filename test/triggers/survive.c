// SPDX-License-Identifier: Apache-2.0
/* The victim outlives the signals that an attack sends it, and says which came. */
#define _GNU_SOURCE
#include "survive.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* Turns our nice value to and fro: what the trigger of coredump_signal looks at. */
static void show_signal(int signal)
{
	int error = errno;

	(void)signal;
	setpriority(PRIO_PROCESS, (id_t)getpid(), !getpriority(PRIO_PROCESS, (id_t)getpid()));
	errno = error;
}

/* The signals that dump core; a restarted call leaves the line on stdin whole. */
void survive_signals(void)
{
	static const int deadly[] = { SIGQUIT, SIGILL,	SIGTRAP, SIGABRT, SIGBUS,
				      SIGFPE,  SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS };
	struct sigaction action = { .sa_handler = show_signal, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		sigaction(deadly[i], &action, NULL);
}
