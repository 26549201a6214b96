// SPDX-License-Identifier: Apache-2.0
/*
 * A child of the attacker, protected by the agent, that asks to be traced; or one that was traced before it was
 * protected and executes a program afterwards. Lingers after a refusal, because the kill comes from user space.
 */
#define _GNU_SOURCE
#include "protect.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int go[2], said[2];

/* The child waits for a byte; what it then attempts ends in an errno through the pipe, or in an exec that closes it. */
static void wait_for_go(void)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The attacker may have ended before the line above: then the pipe must end too. */
	close(go[1]);
	if (read(go[0], &byte, 1) != 1)
		_exit(1);
}

static void say(int error)
{
	if (write(said[1], &error, sizeof(error)) != sizeof(error))
		_exit(1);
	for (;;)
		pause();
}

static void execute(void)
{
	execl("/bin/true", "true", (char *)NULL);
	say(errno);
}

static void ask_to_be_traced(int compat)
{
	long result = compat ? compat_syscall(26 /* ptrace */, PTRACE_TRACEME, 0, 0, 0, 0)
			     : ptrace(PTRACE_TRACEME, 0, NULL, NULL);

	say(result < 0 ? (compat ? (int)-result : errno) : 0);
}

static void conclude(struct outcome *out, pid_t child)
{
	int error = 0;
	ssize_t got;

	close(said[1]);
	got = read(said[0], &error, sizeof(error));
	if (got == sizeof(error) && error) {
		refused(out, error);
	} else {
		succeeded(out, "", 0);
	}
	kill(child, SIGKILL);
}

static pid_t start(void)
{
	if (pipe2(go, 0) || pipe2(said, 0x80000 /* O_CLOEXEC */))
		cannot_try("no pipes");
	return fork();
}

static void let_go(void)
{
	if (write(go[1], "", 1) != 1)
		cannot_try("the child is gone");
}

static void traced_by_request(const struct aim *aim, const struct road *road, struct outcome *out)
{
	pid_t child = start();

	if (child == 0) {
		wait_for_go();
		ask_to_be_traced(road->compat);
	}
	protect(aim, child);
	let_go();
	conclude(out, child);
}

/* Traced first, protected then, executed last. */
static void traced_across_exec(const struct aim *aim, const struct road *road, struct outcome *out)
{
	pid_t child = start();
	int ready;

	if (child == 0) {
		if (!road->number && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(1);
		ready = 0;
		if (write(said[1], &ready, sizeof(ready)) != sizeof(ready))
			_exit(1);
		wait_for_go();
		execute();
	}
	if (read(said[0], &ready, sizeof(ready)) != sizeof(ready))
		cannot_try("the child was not traced");
	if (road->number && ptrace(road->number, child, NULL, NULL))
		cannot_try("the child was not seized");
	protect(aim, child);
	let_go();
	conclude(out, child);
}

/* The tracer holds the parent from before; the kernel hands it the child without asking any ptrace hook. */
static void traced_by_fork(const struct aim *aim, const struct road *road, struct outcome *out)
{
	pid_t parent = start();
	int ready = 0, status;
	pid_t child;

	(void)road;
	if (parent == 0) {
		if (write(said[1], &ready, sizeof(ready)) != sizeof(ready))
			_exit(1);
		wait_for_go();
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			execute();
		}
		close(said[1]);
		for (;;)
			pause();
	}
	if (read(said[0], &ready, sizeof(ready)) != sizeof(ready))
		cannot_try("the parent did not start");
	if (ptrace(PTRACE_SEIZE, parent, NULL, PTRACE_O_TRACEFORK))
		cannot_try("the parent was not seized");
	protect(aim, parent);
	let_go();
	/* Parent and child both stop; each goes on until the exec has an end. */
	for (int stops = 0; stops < 2; stops++) {
		child = waitpid(-1, &status, __WALL);
		if (child < 0 || !WIFSTOPPED(status) || ptrace(PTRACE_CONT, child, NULL, NULL))
			cannot_try("the fork was not traced");
	}
	conclude(out, parent);
}

static const struct road roads[] = {
	{ .name = "default", .live = 1, .attempt = traced_by_request },
	{ .name = "compat", .live = 1, .attempt = traced_by_request, .compat = 1 },
	{ .name = "exec", .live = 1, .attempt = traced_across_exec },
	{ .name = "exec_seized", .live = 1, .attempt = traced_across_exec, .number = PTRACE_SEIZE },
	{ .name = "exec_fork", .live = 1, .attempt = traced_by_fork },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "ptrace_traceme", roads, COUNT(roads));
}
