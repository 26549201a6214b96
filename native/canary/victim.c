// SPDX-License-Identifier: Apache-2.0
/*
 * The canary's victim: a process whose protection the agent tests, through fork, exit and exec.
 * Lines in: fork, reap, exec. Lines out: "ready PID", "child PID", "reaped", "error ERRNO", "unknown".
 */
#include "canary.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void fork_child(void)
{
	pid_t self = getpid();

	if (child > 0) {
		say_number("error", EBUSY);
		return;
	}
	child = fork();
	if (child < 0) {
		say_number("error", errno);
		return;
	}
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* The parent may have died before the line above took effect. */
		if (getppid() != self)
			_exit(0);
		for (;;)
			pause();
	}
	say_number("child", child);
}

static int end_child(void)
{
	if (child <= 0)
		return ECHILD;
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0)
		if (errno != EINTR)
			return errno;
	child = 0;
	return 0;
}

static void *replace_image(void *unused)
{
	char *argv[] = { "cloudtaser-canary", "victim", NULL };
	char *environment[] = { NULL };

	(void)unused;
	execve("/proc/self/exe", argv, environment);
	say_number("error", errno);
	return NULL;
}

/*
 * The exec comes from a thread that is not the leader: the kernel then makes that thread's task the leader, so a scope
 * that is keyed by the leader's task must follow. The child goes first, because its death signal hangs on this thread.
 */
static void exec_from_thread(void)
{
	pthread_t thread;
	int error;

	end_child();
	error = pthread_create(&thread, NULL, replace_image, NULL);
	if (error)
		say_number("error", error);
	else
		pthread_join(thread, NULL);
}

int run_victim(void)
{
	char line[CANARY_LINE];

	prctl(PR_SET_NAME, "ct-canary");
	/* What the prober sends where nothing guards. */
	signal(SIGABRT, SIG_IGN);
	say_number("ready", getpid());
	while (read_line(line)) {
		if (!strcmp(line, "fork")) {
			fork_child();
		} else if (!strcmp(line, "reap")) {
			int error = end_child();

			if (error)
				say_number("error", error);
			else
				say("reaped");
		} else if (!strcmp(line, "exec")) {
			exec_from_thread();
		} else {
			say("unknown");
		}
	}
	end_child();
	return 0;
}
