// SPDX-License-Identifier: Apache-2.0
/*
 * SIGSTOP to the agent, which it can neither handle nor ignore but does survive: it is seen to stand still and then
 * sent on. SIGKILL takes the same ways. And to the two processes by which it proves its doors.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NOT_LIVE "where nothing guards, it ends or stops the agent that runs here"

static int by_kill(const struct aim *at)
{
	return kill(at->target, SIGSTOP) ? errno : 0;
}

static int by_compat(const struct aim *at)
{
	return (int)-compat_syscall(37 /* kill */, (unsigned long)at->target, SIGSTOP, 0, 0, 0);
}

static int by_tgkill(const struct aim *at)
{
	return syscall(SYS_tgkill, at->target, other_thread(at), SIGSTOP) < 0 ? errno : 0;
}

static int by_tkill(const struct aim *at)
{
	return syscall(SYS_tkill, other_thread(at), SIGSTOP) < 0 ? errno : 0;
}

static int by_sigqueue(const struct aim *at)
{
	siginfo_t info = { .si_signo = SIGSTOP, .si_code = SI_QUEUE };

	return syscall(SYS_rt_sigqueueinfo, at->target, SIGSTOP, &info) < 0 ? errno : 0;
}

static int by_pidfd(const struct aim *at)
{
	int fd = (int)syscall(SYS_pidfd_open, at->target, 0);

	return syscall(SYS_pidfd_send_signal, fd, SIGSTOP, NULL, 0) < 0 ? errno : 0;
}

/* Succeeds if any member of the group could be stopped. */
static int by_group(const struct aim *at)
{
	pid_t group = getpgid(at->target);

	if (group <= 1 || group == getpgrp())
		cannot_try("the agent has no process group of its own");
	return kill(-group, SIGSTOP) ? errno : 0;
}

/* The write that moves the pipe succeeds in any case. */
static int by_owner(const struct aim *at, int kind, pid_t who)
{
	struct f_owner_ex owner = { .type = kind, .pid = who };
	int ends[2];

	(void)at;
	if (pipe(ends) || fcntl(ends[0], F_SETOWN_EX, &owner) || fcntl(ends[0], F_SETSIG, SIGSTOP) ||
	    fcntl(ends[0], F_SETFL, O_ASYNC))
		cannot_try("no descriptor with a foreign owner");
	if (write(ends[1], "", 1) != 1)
		cannot_try("the pipe cannot be written");
	/* Else its end would be a second signal. */
	fcntl(ends[0], F_SETFL, 0);
	return 0;
}

static int by_sigio(const struct aim *at)
{
	return by_owner(at, F_OWNER_PID, at->target);
}

static int by_sigio_thread(const struct aim *at)
{
	return by_owner(at, F_OWNER_TID, other_thread(at));
}

static int (*const ways[])(const struct aim *at) = {
	by_kill, by_compat, by_tgkill, by_tkill, by_sigqueue, by_pidfd, by_group, by_sigio, by_sigio_thread,
};

static void stop(const struct aim *aim, const struct road *road, struct outcome *out)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	struct aim at = road->file ? the_agents(aim, road->file) : the_agent(aim);
	int error = ways[road->number](&at);

	if (error) {
		refused(out, error);
		return;
	}
	refused(out, ETIMEDOUT); /* dropped on the way, if it does not stand still now */
	for (int i = 0; i < 100 && out->error; i++) {
		if (state_of(at.target) == 'T')
			succeeded(out, "stopped", 7);
		else
			nanosleep(&moment, NULL);
	}
	/* A harmless signal, which every agent takes; the rest of its group may have been stopped without it. */
	if (ways[road->number] == by_group)
		kill(-getpgid(at.target), SIGCONT);
	else if (!out->error)
		kill(at.target, SIGCONT);
}

#define WAY(NAME, NUMBER) { .not_live = NOT_LIVE, .name = NAME, .attempt = stop, .number = NUMBER }

#define CHILD(NAME, COMM) { .not_live = NOT_LIVE, .name = NAME, .attempt = stop, .file = COMM }

static const struct road roads[] = {
	WAY("default", 0),
	WAY("compat", 1),
	WAY("thread", 2),
	WAY("tkill", 3),
	WAY("sigqueue", 4),
	WAY("pidfd", 5),
	WAY("group", 6),
	WAY("sigio", 7),
	WAY("sigio_thread", 8),
	CHILD("canary_prober", "ct-prober"),
	CHILD("canary_victim", "ct-canary"),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "agent_signal", roads, COUNT(roads));
}
