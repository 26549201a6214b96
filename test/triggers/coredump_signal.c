// SPDX-License-Identifier: Apache-2.0
/*
 * Signals that dump core by default. The target must survive, so the victim handles them and turns its nice value to
 * and fro, which anybody can see: that the signal arrived is what counts, and no errno would tell it in every case.
 */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int nice_of(pid_t pid)
{
	char path[64], text[1024], *at;
	int fd, nice;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		cannot_try("the target's state cannot be read");
	close(fd);
	text[got] = '\0';
	at = strrchr(text, ')');
	if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %d", &nice) != 1)
		cannot_try("the target's state cannot be understood");
	return nice;
}

/* Returns 0 or an errno. */
static int send(const struct aim *aim, const struct road *road)
{
	siginfo_t info = { .si_signo = road->number, .si_code = SI_QUEUE };
	long result;

	if (road->compat)
		return (int)-compat_syscall(37 /* kill */, (unsigned long)aim->target, (unsigned long)road->number, 0,
					    0, 0);
	if (road->in_task)
		result = syscall(SYS_tgkill, aim->target, other_thread(aim), road->number);
	else if (!strcmp(road->name, "tkill"))
		result = syscall(SYS_tkill, other_thread(aim), road->number);
	else if (!strcmp(road->name, "sigqueue"))
		result = syscall(SYS_rt_sigqueueinfo, aim->target, road->number, &info);
	else if (!strcmp(road->name, "pidfd"))
		result = syscall(SYS_pidfd_send_signal, (int)syscall(SYS_pidfd_open, aim->target, 0), road->number,
				 NULL, 0);
	else
		result = kill(aim->target, road->number);
	return result < 0 ? errno : 0;
}

/* The write that moves the pipe succeeds in any case. */
static int send_by_owner(const struct aim *aim, const struct road *road)
{
	struct f_owner_ex owner = { .type = F_OWNER_PID, .pid = aim->target };
	int ends[2];

	if (road->in_task) {
		owner.type = F_OWNER_TID;
		owner.pid = other_thread(aim);
	}
	if (pipe(ends) || fcntl(ends[0], F_SETOWN_EX, &owner) || fcntl(ends[0], F_SETSIG, road->number) ||
	    fcntl(ends[0], F_SETFL, O_ASYNC))
		cannot_try("no descriptor with a foreign owner");
	if (write(ends[1], "", 1) != 1)
		cannot_try("the pipe cannot be written");
	/* Else its end would be a second signal. */
	fcntl(ends[0], F_SETFL, 0);
	return 0;
}

static void wait_for(const struct aim *aim, const struct road *road, struct outcome *out)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	int before = nice_of(aim->target);
	int error = !strncmp(road->name, "sigio", 5) ? send_by_owner(aim, road) : send(aim, road);

	if (error) {
		refused(out, error);
		return;
	}
	for (int i = 0; i < 50; i++) {
		char text[32];

		if (nice_of(aim->target) != before) {
			succeeded(out, text, (size_t)snprintf(text, sizeof(text), "signal %d", road->number));
			return;
		}
		nanosleep(&moment, NULL);
	}
	/* Dropped on the way. */
	refused(out, ETIMEDOUT);
}

#define ROAD(NAME, SIGNAL, ...) { .name = NAME, .live = 1, .attempt = wait_for, .number = SIGNAL, ##__VA_ARGS__ }

static const struct road roads[] = {
	ROAD("default", SIGFPE),
	ROAD("thread", SIGABRT, .in_task = 1),
	ROAD("tkill", SIGSEGV),
	ROAD("sigqueue", SIGTRAP),
	ROAD("pidfd", SIGBUS),
	ROAD("compat", SIGSYS, .compat = 1),
	ROAD("xcpu", SIGXCPU),
	ROAD("sigio", SIGXFSZ),
	ROAD("sigio_thread", SIGILL, .in_task = 1),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "coredump_signal", roads, COUNT(roads));
}
