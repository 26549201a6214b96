// SPDX-License-Identifier: Apache-2.0
/*
 * The process to be attacked: a random secret in memory, environment and a memfd, a second thread, a scratch area.
 * Survives signals that dump core, and shows each by its nice value. Says where everything lies in one line of JSON,
 * then obeys lines on stdin, one line of JSON each, and ends with it: fork, grandchild, pidns, clonevm (these describe
 * the child: pid and childPid), brief (tid2), gone, exec, exec_thread, scratch, run TRIGGER ROAD (by a child; status
 * and truth), forks N, end, quit.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "many.h"
#include "run.h"
#include "survive.h"

#define SECRET	32
#define SCRATCH 64

/* pidns.c attacks through it. */
#define NAMESPACED_PROC "/run/victim-pidns"

static char *secret;
static char *scratch;
static int memfd;

/* The environment that /proc/P/environ shows is that of exec, so the secret gets there by an exec of ourselves. */
static void put_secret_in_environment(void)
{
	const char *given = getenv("VICTIM_SECRET");
	unsigned char random[SECRET / 2];
	char text[SECRET + 1];

	if (given && strlen(given) == SECRET) {
		memcpy(text, given, SECRET + 1);
	} else {
		if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
			fail("getrandom");
		for (size_t i = 0; i < sizeof(random); i++)
			snprintf(text + 2 * i, 3, "%02x", random[i]);
	}
	unsetenv("VICTIM_SECRET");
	setenv("VICTIM_TOKEN", text, 1);
	execl("/proc/self/exe", "victim", (char *)NULL);
	fail("exec");
}

#ifndef MAP_32BIT
#define MAP_32BIT 0
#endif

/* Below 4 GiB, so that the 32-bit roads of process_vm_readv reach it too. */
static void put_secret_in_memory(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (page == MAP_FAILED || mlock(page, 4096))
		fail("memory below 4 GiB");
	secret = page;
	scratch = page + 2048;
	memcpy(secret, getenv("VICTIM_TOKEN"), SECRET);
	memset(scratch, '.', SCRATCH - 1);
	memfd = memfd_create("victim", MFD_CLOEXEC);
	if (memfd < 0 || pwrite(memfd, secret, SECRET, 0) != SECRET)
		fail("memfd");
}

static void *wait_for_ever(void *told)
{
	pid_t self = gettid();

	if (write(*(int *)told, &self, sizeof(self)) != sizeof(self))
		fail("write to our own pipe");
	for (;;)
		pause();
	return NULL;
}

static volatile int gone;

/* A thread whose files in procfs outlive it in whoever has them open. */
static void *end_when_told(void *told)
{
	pid_t self = gettid();

	if (write(*(int *)told, &self, sizeof(self)) != sizeof(self))
		fail("write to our own pipe");
	while (!gone)
		usleep(10000);
	return NULL;
}

static pid_t start_thread(void *(*work)(void *))
{
	static int told[2];
	pthread_t thread;
	pid_t tid = 0;

	if (pipe(told))
		fail("pipe");
	errno = pthread_create(&thread, NULL, work, &told[1]);
	if (errno || read(told[0], &tid, sizeof(tid)) != sizeof(tid))
		fail("thread");
	close(told[0]);
	close(told[1]);
	return tid;
}

static void describe(pid_t pid, pid_t tid2, pid_t child)
{
	printf("{\"pid\":%d,\"tid2\":%d,\"address\":\"0x%lx\",\"length\":%d,\"secret\":\"%.*s\",\"scratch\":\"0x%lx\","
	       "\"fd\":%d,\"childPid\":%d}\n",
	       pid, tid2, (unsigned long)secret, SECRET, SECRET, secret, (unsigned long)scratch, memfd, child);
}

/* Makes a chain of descendants; the last one, which holds the same memory, describes itself through the pipe. */
static void descend(int generations)
{
	struct {
		pid_t pid, tid2;
	} last;
	int told[2];
	pid_t child;

	/* Those that were killed since: what has ended is to be gone. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (pipe(told))
		fail("pipe");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		for (; generations > 1; generations--) {
			pid_t next = fork();

			if (next < 0)
				fail("fork");
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (next)
				pause();
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		last.pid = getpid();
		last.tid2 = start_thread(wait_for_ever);
		if (write(told[1], &last, sizeof(last)) != sizeof(last))
			fail("write to our own pipe");
		for (;;)
			pause();
	}
	close(told[1]);
	if (read(told[0], &last, sizeof(last)) != sizeof(last))
		fail("the descendant did not start");
	close(told[0]);
	describe(last.pid, last.tid2, last.pid);
}

/* A child in a pid namespace of its own, where it is number 1, as in a container, with a procfs of that namespace. */
static void fork_into_namespace(void)
{
	int ours = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	int told[2];
	pid_t child;
	char byte;

	if (ours < 0 || pipe(told) || unshare(CLONE_NEWPID))
		fail("pid namespace");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Its procfs, where everybody can see it: the attack goes through this mount. */
		mkdir(NAMESPACED_PROC, 0755);
		if (mount("none", NAMESPACED_PROC, "proc", 0, NULL) || write(told[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(told[1]);
	if (read(told[0], &byte, 1) != 1)
		fail("procfs of the pid namespace");
	close(told[0]);
	if (setns(ours, CLONE_NEWPID))
		fail("our own pid namespace");
	close(ours);
	describe(child, 0, child);
}

static int pause_in_shared_memory(void *argument)
{
	(void)argument;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
	return 0;
}

/* Another process id, the same memory: what a rule that knows only process ids forgets. */
static void clone_memory(void)
{
	char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t child;

	if (stack == MAP_FAILED)
		fail("stack");
	child = clone(pause_in_shared_memory, stack + 65536, CLONE_VM | SIGCHLD, NULL);
	if (child < 0)
		fail("clone");
	describe(child, 0, child);
}

static void *replace_image(void *argument)
{
	(void)argument;
	execl("/proc/self/exe", "victim", (char *)NULL);
	fail("exec");
	return NULL;
}

static int obey(char *line)
{
	pthread_t thread;

	if (!strcmp(line, "quit"))
		return 0;
	if (!strcmp(line, "fork")) {
		descend(1);
	} else if (!strcmp(line, "grandchild")) {
		descend(2);
	} else if (!strcmp(line, "pidns")) {
		fork_into_namespace();
	} else if (!strcmp(line, "clonevm")) {
		clone_memory();
	} else if (!strcmp(line, "brief")) {
		describe(getpid(), start_thread(end_when_told), 0);
	} else if (!strcmp(line, "gone")) {
		gone = 1;
		describe(getpid(), 0, 0);
	} else if (!strcmp(line, "exec")) {
		replace_image(NULL);
	} else if (!strcmp(line, "exec_thread")) {
		errno = pthread_create(&thread, NULL, replace_image, NULL);
		if (errno)
			fail("thread");
		pthread_join(thread, NULL);
	} else if (!strcmp(line, "scratch")) {
		printf("{\"scratch\":\"%.*s\"}\n", SCRATCH, scratch);
	} else if (!strncmp(line, "run ", 4)) {
		run_beside(line + 4);
	} else if (!strncmp(line, "forks ", 6)) {
		fork_many(atoi(line + 6));
	} else if (!strcmp(line, "end")) {
		end_many();
	} else {
		printf("{\"error\":\"unknown command\"}\n");
	}
	return 1;
}

int main(void)
{
	char line[128];
	size_t used = 0;
	char byte;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!getenv("VICTIM_TOKEN") || strlen(getenv("VICTIM_TOKEN")) != SECRET)
		put_secret_in_environment();
	put_secret_in_memory();
	survive_signals();
	prctl(PR_SET_NAME, "victim");
	describe(getpid(), start_thread(wait_for_ever), 0);
	/* Byte by byte: a line in a buffer would be lost with the image. */
	while (read(STDIN_FILENO, &byte, 1) == 1) {
		if (byte != '\n') {
			if (used < sizeof(line) - 1)
				line[used++] = byte;
			continue;
		}
		line[used] = '\0';
		used = 0;
		if (!obey(line))
			break;
	}
	return 0;
}
