// SPDX-License-Identifier: Apache-2.0
/* The victim forks many times where a fork may find no room. */
#define _GNU_SOURCE
#include "many.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 1024

static pid_t children[MOST];
static int made;

void fork_many(int wanted)
{
	int refused = 0, error = 0;

	for (int i = 0; i < wanted && made < MOST; i++) {
		pid_t child = fork();

		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		if (child > 0) {
			children[made++] = child;
		} else {
			refused++;
			error = errno;
		}
	}
	printf("{\"children\":[");
	for (int i = 0; i < made; i++)
		printf("%s%d", i ? "," : "", children[i]);
	printf("],\"refused\":%d,\"errno\":%d}\n", refused, error);
}

void end_many(void)
{
	for (int i = 0; i < made; i++)
		kill(children[i], SIGKILL);
	for (int i = 0; i < made; i++)
		waitpid(children[i], NULL, 0);
	printf("{\"ended\":%d}\n", made);
	made = 0;
}
