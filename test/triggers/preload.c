// SPDX-License-Identifier: Apache-2.0
/*
 * A protected child executes a program with variables that make its loader map code from outside: from a file system of
 * its own, or from memory. The program shows its own mappings, so it shows whether the code got in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protect.h"

#define NOT_LIVE "the offender is the protected process itself, and selftest attacks from outside"

#ifdef __aarch64__
#define LIBRARY "/usr/lib/aarch64-linux-gnu/libc.so.6"
#else
#define LIBRARY "/usr/lib/x86_64-linux-gnu/libc.so.6"
#endif
#define OUTSIDE "/run/outside"
#define FOREIGN OUTSIDE "/libc.so.6"
#define INSIDE	"/var/tmp/inside"
#define MANY	900

static char output[65536];

/* A copy of a library, on a file system that is not the root's or by whoever keeps it open for writing. */
static void copy_library(int to)
{
	int from = open(LIBRARY, O_RDONLY | O_CLOEXEC);
	char bytes[65536];
	ssize_t got;

	if (from < 0 || to < 0)
		cannot_try("no library to start with");
	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)got) != got)
			cannot_try("the library cannot be copied");
	close(from);
}

static char **environment(const char *variable, int more)
{
	static char *list[MANY + 2], dummies[MANY][8];
	int n = 0;

	for (; n < more; n++) {
		snprintf(dummies[n], sizeof(dummies[n]), "V%d=", n);
		list[n] = dummies[n];
	}
	list[n++] = (char *)variable;
	list[n] = NULL;
	return list;
}

static void start_with(const struct aim *aim, const struct road *road, struct outcome *out)
{
	const char *directory = road->argument ? road->argument : OUTSIDE;
	char *const argv[] = { "cat", "/proc/self/maps", NULL };
	int go[2], said[2], status, memory = -1, writer = -1;
	char variable[96], foreign[64], byte;
	size_t used = 0;
	ssize_t got;

	mkdir(directory, 0755);
	snprintf(foreign, sizeof(foreign), "%s/libc.so.6", directory);
	if (strchr(road->file, '%'))
		copy_library(memory = memfd_create("code", 0));
	else
		copy_library(writer = open(foreign, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));
	if (!road->argument)
		close(writer);
	snprintf(variable, sizeof(variable), road->file, memory);
	if (pipe2(go, O_CLOEXEC) || pipe2(said, O_CLOEXEC))
		cannot_try("no pipe");
	attacker = fork();
	if (attacker < 0)
		cannot_try("no child");
	if (attacker == 0) {
		dup2(said[1], STDOUT_FILENO);
		dup2(said[1], STDERR_FILENO);
		if (read(go[0], &byte, 1) == 1)
			execve("/usr/bin/cat", argv, environment(variable, road->number));
		_exit(126);
	}
	protect(aim, attacker);
	close(said[1]);
	if (write(go[1], "", 1) != 1)
		cannot_try("the child is gone");
	while (used < sizeof(output) - 1 && (got = read(said[0], output + used, sizeof(output) - 1 - used)) > 0)
		used += (size_t)got;
	waitpid(attacker, &status, 0);
	if (WIFSIGNALED(status))
		kill(getpid(), WTERMSIG(status));
	/* The loader's own words for an mmap that failed, whatever it does then. */
	if (strstr(output, "failed to map"))
		refused(out, EPERM);
	else if (strstr(output, "undefined symbol: la_version") || strstr(output, foreign) ||
		 strstr(output, "/memfd:code"))
		succeeded(out, "code from outside", 17);
	else
		cannot_try("the program says nothing of the code");
}

static const struct road roads[] = {
	{ .not_live = NOT_LIVE, .name = "preload", .attempt = start_with, .file = "LD_PRELOAD=" FOREIGN },
	{ .not_live = NOT_LIVE, .name = "library_path", .attempt = start_with, .file = "LD_LIBRARY_PATH=" OUTSIDE },
	{ .not_live = NOT_LIVE, .name = "audit", .attempt = start_with, .file = "LD_AUDIT=" FOREIGN },
	{ .not_live = NOT_LIVE, .name = "memory", .attempt = start_with, .file = "LD_PRELOAD=/proc/self/fd/%d" },
	{ .not_live = NOT_LIVE,
	  .name = "many_variables",
	  .attempt = start_with,
	  .file = "LD_PRELOAD=" FOREIGN,
	  .number = MANY },
	{ .not_live = NOT_LIVE,
	  .name = "open_to_write",
	  .attempt = start_with,
	  .file = "LD_LIBRARY_PATH=" INSIDE,
	  .argument = INSIDE },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "preload", roads, COUNT(roads));
}
