// SPDX-License-Identifier: Apache-2.0
/*
 * Many offenders, one after the other, each of which opens the same file once: the kernel folds what one offender
 * repeats, and not these. Prints how many of them were refused with EPERM.
 *   flood COUNT PATH [PAUSE]     PAUSE: microseconds after each of them
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* 1 if a process of its own was refused, 0 if not, -1 if there was none. */
static int one_offender(const char *path)
{
	/* Copies no page tables. */
	pid_t child = vfork();
	int status;

	if (child == 0)
		_exit(open(path, O_RDONLY | O_CLOEXEC) < 0 && errno == EPERM ? 0 : 1);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? strtol(argv[1], NULL, 10) : 0, refused = 0;
	useconds_t pause = argc > 3 ? (useconds_t)strtoul(argv[3], NULL, 10) : 0;

	if (count <= 0) {
		fprintf(stderr, "usage: flood COUNT PATH [PAUSE]\n");
		return 2;
	}
	for (long n = 0; n < count; n++) {
		int one = one_offender(argv[2]);

		if (one < 0)
			return 2;
		refused += one;
		if (pause)
			usleep(pause);
	}
	printf("%ld\n", refused);
	return 0;
}
