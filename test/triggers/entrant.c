// SPDX-License-Identifier: Apache-2.0
/*
 * Comes into a control group without an exec, shows where a secret of it lies in one line of JSON, and lives until
 * its standard input ends.
 *   entrant clone3 DIRECTORY   a child that clone3() makes inside (CLONE_INTO_CGROUP)
 *   entrant thread DIRECTORY   one thread of this process, by cgroup.threads
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET 32

static char secret[SECRET + 1];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void *sleep_for_ever(void *tid)
{
	*(volatile pid_t *)tid = (pid_t)syscall(SYS_gettid);
	for (;;)
		pause();
	return NULL;
}

static pid_t start_thread(void)
{
	volatile pid_t tid = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, sleep_for_ever, (void *)&tid))
		fail("thread");
	while (!tid)
		usleep(1000);
	return tid;
}

static pid_t clone_into(int directory)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (__u64)directory };

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static void move_thread(const char *directory, pid_t tid)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.threads", directory);
	fd = open(path, O_WRONLY);
	if (fd < 0 || dprintf(fd, "%d", tid) < 0)
		fail(path);
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned char random[SECRET / 2];
	pid_t child, tid = 0;
	char end;

	if (argc != 3)
		return 2;
	if (!strcmp(argv[1], "clone3")) {
		child = clone_into(open(argv[2], O_RDONLY | O_DIRECTORY));
		if (child < 0)
			fail("clone3");
		if (child)
			return waitpid(child, NULL, 0) != child;
	} else {
		tid = start_thread();
		move_thread(argv[2], tid);
	}
	/* Only now: what the parent holds is nobody's secret. */
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		fail("getrandom");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(secret + 2 * i, 3, "%02x", random[i]);
	printf("{\"pid\":%d,\"tid2\":%d,\"address\":\"%p\",\"length\":%d,\"secret\":\"%s\",\"scratch\":\"%p\",\"fd\":0}"
	       "\n",
	       getpid(), tid ? tid : getpid(), (void *)secret, SECRET, secret, (void *)secret);
	fflush(stdout);
	while (read(0, &end, 1) > 0)
		;
	return 0;
}
