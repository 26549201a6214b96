// SPDX-License-Identifier: Apache-2.0
/*
 * Many processes make the same attack in a loop at the same time: does a guard ever miss one? Each attempt counts as
 * "passed" if its first step was not refused, and as "got" if data came out of it in the end.
 *   race ROAD TARGET ADDRESS PROCESSES ATTEMPTS     ROAD: environ, mem, process_vm, ptrace
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

struct tally {
	unsigned long attempts, passed, got, odd; /* odd: an errno that no guard gives */
	int odd_errno;
};

static pid_t target;
static unsigned long address;

static void count_error(struct tally *tally)
{
	if (errno == EPERM)
		return;
	tally->odd++;
	tally->odd_errno = errno;
}

static void by_file(struct tally *tally, const char *file, off_t offset)
{
	char path[64], buffer[16];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", target, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		count_error(tally);
		return;
	}
	tally->passed++;
	if (pread(fd, buffer, sizeof(buffer), offset) > 0)
		tally->got++;
	close(fd);
}

static void by_environ(struct tally *tally)
{
	by_file(tally, "environ", 0);
}

static void by_mem(struct tally *tally)
{
	by_file(tally, "mem", (off_t)address);
}

static void by_process_vm(struct tally *tally)
{
	char buffer[16];
	struct iovec here = { buffer, sizeof(buffer) }, there = { (void *)address, sizeof(buffer) };

	if (process_vm_readv(target, &here, 1, &there, 1, 0) != (ssize_t)sizeof(buffer)) {
		count_error(tally);
		return;
	}
	tally->passed++;
	tally->got++;
}

/* Only one of them can be the tracer: to the others the kernel itself says EPERM. */
static void by_ptrace(struct tally *tally)
{
	if (ptrace(PTRACE_SEIZE, target, NULL, NULL)) {
		count_error(tally);
		return;
	}
	tally->passed++;
	tally->got++;
	ptrace(PTRACE_INTERRUPT, target, NULL, NULL);
	waitpid(target, NULL, __WALL);
	ptrace(PTRACE_DETACH, target, NULL, NULL);
}

static const struct {
	const char *name;
	void (*attempt)(struct tally *tally);
} roads[] = { { "environ", by_environ }, { "mem", by_mem }, { "process_vm", by_process_vm }, { "ptrace", by_ptrace } };

int main(int argc, char **argv)
{
	void (*attempt)(struct tally *tally) = NULL;
	unsigned long processes, attempts, i;
	struct tally *tallies, sum = { 0 };
	volatile int *go;

	for (i = 0; argc == 6 && i < sizeof(roads) / sizeof(roads[0]); i++) {
		if (!strcmp(argv[1], roads[i].name))
			attempt = roads[i].attempt;
	}
	if (!attempt) {
		fprintf(stderr, "usage: race environ|mem|process_vm|ptrace TARGET ADDRESS PROCESSES ATTEMPTS\n");
		return 2;
	}
	target = atoi(argv[2]);
	address = strtoul(argv[3], NULL, 0);
	processes = strtoul(argv[4], NULL, 10);
	attempts = strtoul(argv[5], NULL, 10);
	tallies = mmap(NULL, 4096 + processes * sizeof(*tallies), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (tallies == MAP_FAILED)
		return 2;
	go = (int *)(tallies + processes);
	for (i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 2;
		if (pid)
			continue;
		while (!*go)
			sched_yield();
		for (unsigned long n = 0; n < attempts; n++) {
			tallies[i].attempts++;
			attempt(&tallies[i]);
		}
		_exit(0);
	}
	*go = 1;
	while (wait(NULL) > 0)
		;
	for (i = 0; i < processes; i++) {
		sum.attempts += tallies[i].attempts;
		sum.passed += tallies[i].passed;
		sum.got += tallies[i].got;
		sum.odd += tallies[i].odd;
		if (tallies[i].odd)
			sum.odd_errno = tallies[i].odd_errno;
	}
	printf("{\"attempts\":%lu,\"passed\":%lu,\"got\":%lu,\"odd\":%lu,\"oddErrno\":%d}\n", sum.attempts, sum.passed,
	       sum.got, sum.odd, sum.odd_errno);
	return 0;
}
