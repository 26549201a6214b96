// SPDX-License-Identifier: Apache-2.0
/*
 * What a node's programs do all day, in loops, timed by CPU clock. Under -icount one nanosecond is one instruction.
 * Prints one JSON object: operation to instructions per operation, the smallest of several rounds; of what makes a
 * process the median of single ones, since pages, RCU and the rest of the machine make single ones vary.
 * Argument: how many hundred-thousands of nanoseconds a round should last at least (1500 if left out).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS	3
#define SINGLES 401

static int null_fd, pair[2];
static char *self;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void op_getppid(void)
{
	syscall(SYS_getppid);
}

static void op_open_close(void)
{
	int fd = open("/etc/hostname", O_RDONLY);

	if (fd < 0)
		fail("open");
	close(fd);
}

static void op_write_null(void)
{
	if (write(null_fd, "x", 1) != 1)
		fail("write");
}

static void op_unix_send_recv(void)
{
	char byte;

	if (send(pair[0], "x", 1, 0) != 1 || recv(pair[1], &byte, 1, 0) != 1)
		fail("send");
}

static void op_open_proc_stat(void)
{
	int fd = open("/proc/self/stat", O_RDONLY);

	if (fd < 0)
		fail("open stat");
	close(fd);
}

static void reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		fail("child");
}

static void op_fork_exit(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0)
		_exit(0);
	reap(pid);
}

static void op_vfork_exec(void)
{
	char *argv[] = { self, "child", NULL }, *none[] = { NULL };
	pid_t pid;

	/* posix_spawn is vfork and exec in the C library. */
	if (posix_spawn(&pid, self, NULL, NULL, argv, none))
		fail("spawn");
	reap(pid);
}

static const struct {
	const char *name;
	void (*run)(void);
	int whole_machine; /* children's time belongs to it */
} operations[] = {
	{ "getppid", op_getppid, 0 },
	{ "open+close", op_open_close, 0 },
	{ "write /dev/null", op_write_null, 0 },
	{ "unix send+recv", op_unix_send_recv, 0 },
	{ "open+close /proc/self/stat", op_open_proc_stat, 0 },
	{ "fork+exit+wait", op_fork_exit, 1 },
	{ "vfork+exec+wait", op_vfork_exec, 1 },
};

static double now(int whole_machine)
{
	struct timespec t;

	clock_gettime(whole_machine ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static double measure(void (*run)(void), double at_least)
{
	double best = 0, begin, spent;
	long count = 64;

	for (;;) { /* how many make a round, which warms everything up too */
		begin = now(0);
		for (long i = 0; i < count; i++)
			run();
		spent = now(0) - begin;
		if (spent >= at_least)
			break;
		count = spent > 0 ? (long)(count * at_least / spent * 1.2) + 1 : count * 16;
	}
	for (int round = 0; round < ROUNDS; round++) {
		begin = now(0);
		for (long i = 0; i < count; i++)
			run();
		spent = (now(0) - begin) / count;
		if (round == 0 || spent < best)
			best = spent;
	}
	return best;
}

static int ascending(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

static double median_of_single(void (*run)(void))
{
	static double spent[SINGLES];
	double begin;

	for (int i = 0; i < 50; i++)
		run();
	for (int i = 0; i < SINGLES; i++) {
		begin = now(1);
		run();
		spent[i] = now(1) - begin;
	}
	qsort(spent, SINGLES, sizeof(spent[0]), ascending);
	return spent[SINGLES / 2];
}

int main(int argc, char **argv)
{
	double at_least = 1e5 * (argc > 1 ? atof(argv[1]) : 1500);

	if (argc > 1 && !strcmp(argv[1], "child"))
		return 0;
	self = realpath("/proc/self/exe", NULL);
	null_fd = open("/dev/null", O_WRONLY);
	if (null_fd < 0 || !self || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		fail("prepare");
	printf("{");
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		printf("%s\"%s\":%.0f", i ? "," : "", operations[i].name,
		       operations[i].whole_machine ? median_of_single(operations[i].run)
						   : measure(operations[i].run, at_least));
	puts("}");
	return 0;
}
