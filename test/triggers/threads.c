// SPDX-License-Identifier: Apache-2.0
/*
 * One process with as many threads as are wanted, or as there is room for; they wait. Obeys lines on stdin:
 *   threads WANTED
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK 1024
#define SHARE (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

/* Not a thread of the C library, which would give each a larger stack. */
static int wait_for_ever(void *word)
{
	for (;;)
		syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
	return 0;
}

static void make(long wanted)
{
	static int word;
	char *stacks =
		mmap(NULL, wanted * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	long made = 0;
	int error = 0;

	while (stacks != MAP_FAILED && made < wanted) {
		if (clone(wait_for_ever, stacks + (made + 1) * STACK, SHARE, &word) < 0) {
			error = errno;
			break;
		}
		made++;
	}
	printf("{\"made\":%ld,\"errno\":%d}\n", made, error);
}

int main(void)
{
	char line[64];
	long wanted;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("{\"pid\":%d}\n", getpid());
	while (fgets(line, sizeof(line), stdin) && sscanf(line, "threads %ld", &wanted) == 1)
		make(wanted);
	return 0;
}
