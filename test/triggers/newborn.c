// SPDX-License-Identifier: Apache-2.0
/*
 * A container's programs start one after the other, and attackers who learn each pid at once read in a loop at the
 * place where the program puts its secret when it begins. Half of them move themselves into the control group before
 * their exec, half are made there by clone3(). newborn DIRECTORY STARTS ATTACKERS
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS	   "the program has begun"
#define LIFE_NS	   4000000
#define START_USEC 500

/* The executable is not moved about, so it lies at the same place in every start; before the exec it is empty. */
static volatile char secret[64];

struct shared {
	volatile pid_t target;
	volatile int over;
	volatile unsigned long attempts, got, refused;
};

static void live(void)
{
	struct timespec now, end;

	strcpy((char *)secret, WORDS);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += LIFE_NS;
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec);
	memset((char *)secret, 0, sizeof(secret));
	_exit(0);
}

static void judge(struct shared *all, const char *bytes, ssize_t length)
{
	__sync_fetch_and_add(&all->attempts, 1);
	if (length < 0 && errno == EPERM)
		__sync_fetch_and_add(&all->refused, 1);
	if (length > 0 && !memcmp(bytes, WORDS, sizeof(WORDS)))
		__sync_fetch_and_add(&all->got, 1);
}

static void attack(struct shared *all, int by_file)
{
	char bytes[sizeof(WORDS)], path[64];
	struct iovec here = { bytes, sizeof(bytes) }, there = { (void *)secret, sizeof(bytes) };
	pid_t target;
	int fd;

	while (!all->over) {
		target = all->target;
		if (!target)
			continue;
		memset(bytes, 0, sizeof(bytes));
		if (!by_file) {
			judge(all, bytes, process_vm_readv(target, &here, 1, &there, 1, 0));
			continue;
		}
		snprintf(path, sizeof(path), "/proc/%d/mem", target);
		fd = open(path, O_RDONLY);
		judge(all, bytes, fd < 0 ? -1 : pread(fd, bytes, sizeof(bytes), (off_t)secret));
		close(fd);
	}
	_exit(0);
}

static pid_t start(const char *directory, int into)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	char path[4096], *argv[] = { "newborn", "--live", NULL };
	pid_t pid;
	int fd;

	if (into) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (__u64)open(directory, O_RDONLY | O_DIRECTORY);
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (into)
		close((int)args.cgroup);
	if (pid)
		return pid;
	if (!into) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
		fd = open(path, O_WRONLY);
		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(1);
		close(fd);
	}
	/* The attackers are at it before the new program is there. */
	usleep(START_USEC);
	execv("/proc/self/exe", argv);
	_exit(1);
}

int main(int argc, char **argv)
{
	int starts, attackers, status, failed = 0;
	struct shared *all;

	if (argc == 2)
		live();
	if (argc != 4)
		return 2;
	starts = atoi(argv[2]);
	attackers = atoi(argv[3]);
	all = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED)
		return 2;
	for (int i = 0; i < attackers; i++) {
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			attack(all, i & 1);
		}
	}
	for (int i = 0; i < starts; i++) {
		pid_t pid = start(argv[1], i & 1);

		all->target = pid;
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			failed++;
		all->target = 0;
	}
	all->over = 1;
	while (wait(NULL) > 0)
		;
	printf("{\"starts\":%d,\"failed\":%d,\"attempts\":%lu,\"refused\":%lu,\"got\":%lu}\n", starts, failed,
	       all->attempts, all->refused, all->got);
	return 0;
}
