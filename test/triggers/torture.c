// SPDX-License-Identifier: Apache-2.0
/*
 * An attacker at full speed that counts exactly: processes that go through all roads in a loop, and what became of each
 * attempt in memory that they share. Obeys lines on stdin, and answers each with one of JSON:
 *   go MICROSECONDS | pause | probe PID | reach PID ADDRESS FD | gather PROCESSES ROUNDS | release
 *   torture PROCESSES TARGET ADDRESS FD
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"

#define MAX_PROCESSES 64
#define CROWD_STACK   8192

struct tally {
	unsigned long attempts, refused, succeeded, other, other_errno;
};

static struct shared {
	volatile int run, released;
	/* Microseconds of rest of each process after each attempt. */
	volatile int rest;
	volatile int busy[MAX_PROCESSES];
	volatile unsigned long ended;
	struct tally tallies[ROADS];
} *shared;

static struct aim aim;
static unsigned long rounds;
static char *stacks;
static long crowd, stacks_size;

/* Before it is made an attempt counts; one that is never answered shows as the difference. */
static long attempt(const struct aim *on, int road)
{
	struct tally *tally = &shared->tallies[road];
	long result;

	__atomic_fetch_add(&tally->attempts, 1, __ATOMIC_SEQ_CST);
	result = attack(on, road);
	if (result == -EPERM) {
		__atomic_fetch_add(&tally->refused, 1, __ATOMIC_SEQ_CST);
	} else if (result >= 0) {
		__atomic_fetch_add(&tally->succeeded, 1, __ATOMIC_SEQ_CST);
	} else {
		__atomic_fetch_add(&tally->other, 1, __ATOMIC_SEQ_CST);
		tally->other_errno = -result;
	}
	return result;
}

static void loop(int me)
{
	for (int road = me % ROADS;; road = (road + 1) % ROADS) {
		__atomic_store_n(&shared->busy[me], 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&shared->run, __ATOMIC_SEQ_CST))
			attempt(&aim, road);
		__atomic_store_n(&shared->busy[me], 0, __ATOMIC_SEQ_CST);
		if (!shared->run)
			usleep(1000);
		else if (shared->rest)
			usleep(shared->rest);
	}
}

static void pause_all(int processes)
{
	__atomic_store_n(&shared->run, 0, __ATOMIC_SEQ_CST);
	for (int i = 0; i < processes; i++) {
		while (__atomic_load_n(&shared->busy[i], __ATOMIC_SEQ_CST))
			usleep(1000);
	}
}

static void print_totals(void)
{
	for (int road = 0; road < ROADS; road++) {
		const struct tally *t = &shared->tallies[road];

		printf("%s\"%s\":{\"attempts\":%lu,\"refused\":%lu,\"succeeded\":%lu,\"other\":%lu,\"otherErrno\":%lu}",
		       road ? "," : "{", road_names[road], t->attempts, t->refused, t->succeeded, t->other,
		       t->other_errno);
	}
	printf("}\n");
}

/* Without the C library: all of a crowd share its memory, and the place of errno. */
static int one_of_crowd(void *number)
{
	long first = (long)number;

	while (!__atomic_load_n(&shared->released, __ATOMIC_SEQ_CST))
		bare(SYS_futex, (long)&shared->released, FUTEX_WAIT, 0, 0, 0, 0);
	for (unsigned long n = 0; n < rounds * ROADS; n++)
		attempt(&aim, (first + n) % ROADS);
	__atomic_fetch_add(&shared->ended, 1, __ATOMIC_SEQ_CST);
	bare(SYS_exit_group, 0, 0, 0, 0, 0, 0);
	return 0;
}

/* Processes, not threads: each is an offender of its own. As many as are wanted, or as there is room for. */
static void gather(long wanted)
{
	int pid = 0, error = 0;

	stacks = mmap(NULL, wanted * CROWD_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		      -1, 0);
	stacks_size = wanted * CROWD_STACK;
	if (stacks == MAP_FAILED)
		wanted = 0;
	shared->released = 0;
	shared->ended = 0;
	for (crowd = 0; crowd < wanted; crowd++) {
		int next = clone(one_of_crowd, stacks + (crowd + 1) * CROWD_STACK, CLONE_VM | CLONE_FILES | SIGCHLD,
				 (void *)crowd);

		if (next < 0) {
			error = errno;
			break;
		}
		pid = next;
	}
	printf("{\"made\":%ld,\"errno\":%d,\"last\":%d}\n", crowd, error, pid);
}

/* They do their rounds and end. */
static void release(void)
{
	__atomic_store_n(&shared->released, 1, __ATOMIC_SEQ_CST);
	bare(SYS_futex, (long)&shared->released, FUTEX_WAKE, INT_MAX, 0, 0, 0);
	for (long left = crowd; left > 0; left--) {
		if (wait(NULL) < 0)
			break;
	}
	if (stacks != MAP_FAILED)
		munmap(stacks, stacks_size);
	printf("{\"made\":%ld,\"ended\":%lu}\n", crowd, shared->ended);
	crowd = 0;
}

/* Once by each road: counted like all others. */
static void probe(pid_t pid)
{
	struct aim other = aim;
	int refused = 0, roads = 0;

	aim_at(&other, pid);
	for (int road = 0; road < ROADS; road++) {
		roads++;
		refused += attempt(&other, road) == -EPERM;
	}
	close(other.pidfd);
	printf("{\"roads\":%d,\"refused\":%d}\n", roads, refused);
}

/* A neighbour, whom nobody protects: not counted. */
static void reach(pid_t pid, unsigned long address, int fd)
{
	struct aim other = aim;
	int roads = 0, reached = 0;

	other.address = address;
	other.fd = fd;
	aim_at(&other, pid);
	for (int road = 0; road < ROAD_MODULE; road++) {
		roads++;
		reached += attack(&other, road) >= 0;
	}
	close(other.pidfd);
	printf("{\"roads\":%d,\"reached\":%d}\n", roads, reached);
}

int main(int argc, char **argv)
{
	int processes = argc == 5 ? atoi(argv[1]) : 0;
	char line[128];
	long a, b, c;

	if (processes < 1 || processes > MAX_PROCESSES) {
		fprintf(stderr, "usage: torture PROCESSES TARGET ADDRESS FD, with 1 to %d processes\n", MAX_PROCESSES);
		return 2;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	aim.address = strtoul(argv[3], NULL, 0);
	aim.fd = atoi(argv[4]);
	aim_at(&aim, atoi(argv[2]));
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 2;
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			loop(i);
		}
	}
	printf("{\"ready\":%d}\n", processes);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "go %ld", &a) == 1) {
			shared->rest = a;
			__atomic_store_n(&shared->run, 1, __ATOMIC_SEQ_CST);
			printf("{}\n");
		} else if (!strcmp(line, "pause\n")) {
			pause_all(processes);
			print_totals();
		} else if (sscanf(line, "probe %ld", &a) == 1) {
			probe(a);
		} else if (sscanf(line, "reach %ld %li %ld", &a, &b, &c) == 3) {
			reach(a, b, c);
		} else if (sscanf(line, "gather %ld %ld", &a, &b) == 2) {
			rounds = b;
			gather(a);
		} else if (!strcmp(line, "release\n")) {
			release();
		} else {
			printf("{\"error\":\"unknown\"}\n");
		}
	}
	return 0;
}
