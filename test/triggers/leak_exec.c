// SPDX-License-Identifier: Apache-2.0
/* A program is executed with a secret among its arguments, by each call that executes. */
#define _GNU_SOURCE
#include "leak.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMPAT_EXECVE	11
#define COMPAT_EXECVEAT 358

static const char *const shell = "/bin/sh";
/* The program itself says whether it got the text: its status is 42 then. */
static const char script[] = "[ ${#1} -eq $2 ] && exit 42; exit 1";

static void by_compat(const struct road *road, char *const arguments[])
{
	unsigned int *list = low_memory(4096);
	char *strings = low_memory(4096), *path = low_memory(4096);
	long result;
	int i;

	snprintf(path, 4096, "%s", shell);
	for (i = 0; arguments[i]; i++) {
		list[i] = (unsigned int)(unsigned long)strings;
		strings = stpcpy(strings, arguments[i]) + 1;
	}
	if (road->compat == COMPAT_EXECVE)
		result = compat_syscall(COMPAT_EXECVE, (unsigned long)path, (unsigned long)list, 0, 0, 0);
	else
		result = compat_syscall(COMPAT_EXECVEAT, (unsigned)AT_FDCWD, (unsigned long)path, (unsigned long)list,
					0, 0);
	errno = (int)-result;
}

static void execute(const struct road *road, char *text)
{
	char length[24];
	char *const arguments[] = { "sh", "-c", (char *)script, "sh", text, length, NULL };
	char *const none[] = { NULL };

	snprintf(length, sizeof(length), "%zu", strlen(text));
	if (road->compat)
		by_compat(road, arguments);
	else if (road->number == SYS_execveat)
		syscall(SYS_execveat, AT_FDCWD, shell, arguments, none, 0);
	else
		execve(shell, arguments, none);
}

static void attempt(const struct aim *aim, const struct road *road, struct outcome *out)
{
	size_t length;
	char *text = leak_text(road, &length);
	int said[2], error = 0, status;
	pid_t child;

	(void)aim;
	if (pipe2(said, O_CLOEXEC))
		cannot_try("no pipe");
	child = road->in_task ? vfork() : fork();
	if (child < 0)
		cannot_try("no child");
	if (child == 0) {
		execute(road, text);
		error = errno;
		if (write(said[1], &error, sizeof(error)) < 0)
			_exit(3);
		_exit(2);
	}
	close(said[1]);
	attacker = child;
	if (read(said[0], &error, sizeof(error)) < 0)
		cannot_try("no answer");
	waitpid(child, &status, 0);
	/* It is the offender: whoever runs this learns of its end by ours. */
	if (WIFSIGNALED(status))
		raise(WTERMSIG(status));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 42)
		succeeded(out, "it came out", 11);
	else
		refused(out, error ? error : ENODATA);
}

#define ROAD(NAME, ...) { .name = NAME, .not_live = OWN_LEAK, .attempt = attempt, __VA_ARGS__ }

static const struct road roads[] = {
	ROAD("execve", .number = SYS_execve),
	ROAD("execveat", .number = SYS_execveat),
	ROAD("vfork", .number = SYS_execve, .in_task = 1),
	ROAD("compat", .compat = COMPAT_EXECVE),
	ROAD("execveat_compat", .compat = COMPAT_EXECVEAT),
	ROAD("base64", .number = SYS_execve, .argument = "base64"),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "leak_exec", roads, COUNT(roads));
}
