// SPDX-License-Identifier: Apache-2.0
/*
 * What a node's programs do all day, in loops, timed by CPU clock. Under -icount one nanosecond is one instruction.
 * Prints one JSON object: operation to instructions per operation, the smallest of several rounds; of what makes a
 * process the median of single ones, since pages, RCU and the rest of the machine make single ones vary.
 * Arguments: how many hundred-thousands of nanoseconds a round should last at least (1500 if left out), and "content"
 * for what is written in bulk.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS	3
#define SINGLES 401
#define BULK	65536
#define PIECES	16

static int null_fd, pair[2];
static char bulk[BULK];
static struct iovec pieces[PIECES];
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

static void write_bulk(size_t size)
{
	if (write(null_fd, bulk, size) != (ssize_t)size)
		fail("write");
}

static void op_write_100(void)
{
	write_bulk(100);
}

static void op_write_64k(void)
{
	write_bulk(BULK);
}

static void op_writev_64k(void)
{
	if (writev(null_fd, pieces, PIECES) != BULK)
		fail("writev");
}

/* As a service's log reads; the same in every run. */
static void fill_bulk(void)
{
	static const char *const words[] = { "time=2026-11-28T12:00:01Z ", "level=info ",
					     "msg=\"request served\" ",	   "status=200 ",
					     "path=/api/v1/items ",	   "bytes=5120 ",
					     "duration=12.5ms ",	   "client=10.0.0.17 " };
	unsigned int state = 12345;
	const char *word = "";

	for (size_t i = 0; i < BULK; i++) {
		if (!*word) {
			state = state * 1103515245 + 12345;
			word = words[state >> 16 & 7];
		}
		bulk[i] = *word++;
	}
	for (size_t i = 0; i < PIECES; i++)
		pieces[i] = (struct iovec){ bulk + i * (BULK / PIECES), BULK / PIECES };
}

static const struct operation {
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
}, contents[] = {
	{ "write 100 B", op_write_100, 0 },
	{ "write 64 KiB", op_write_64k, 0 },
	{ "writev 16 x 4 KiB", op_writev_64k, 0 },
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

static void print(const struct operation *list, size_t count, double at_least)
{
	printf("{");
	for (size_t i = 0; i < count; i++)
		printf("%s\"%s\":%.0f", i ? "," : "", list[i].name,
		       list[i].whole_machine ? median_of_single(list[i].run) : measure(list[i].run, at_least));
	puts("}");
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
	fill_bulk();
	if (argc > 2 && !strcmp(argv[2], "content"))
		print(contents, sizeof(contents) / sizeof(contents[0]), at_least);
	else
		print(operations, sizeof(operations) / sizeof(operations[0]), at_least);
	return 0;
}
