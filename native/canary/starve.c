// SPDX-License-Identifier: Apache-2.0
/* The prober's attempts to starve the victim of processor and disk: each sets what holds already. */
#define _GNU_SOURCE
#include "canary.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Unguarded: policy and priority are set to what they are. */
int probe_task_setscheduler(pid_t victim)
{
	struct sched_param param;
	int policy = sched_getscheduler(victim);

	if (policy < 0 || sched_getparam(victim, &param))
		return -errno;
	return sched_setscheduler(victim, policy, &param) < 0 ? errno : 0;
}

/* Unguarded: the nice value is set to what it is. */
int probe_task_setnice(pid_t victim)
{
	int nice;

	errno = 0;
	nice = getpriority(PRIO_PROCESS, (id_t)victim);
	if (errno)
		return -errno;
	return setpriority(PRIO_PROCESS, (id_t)victim, nice) ? errno : 0;
}

/* Unguarded: what the kernel takes for the priority of whoever has set none. */
int probe_task_setioprio(pid_t victim)
{
	const int one_process = 1, best_effort = 2 << 13 | 4;

	return syscall(SYS_ioprio_set, one_process, victim, best_effort) < 0 ? errno : 0;
}
