// SPDX-License-Identifier: Apache-2.0
/* The victim runs an attack program in a child, which is protected as it is. */
#define _GNU_SOURCE
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void fail(const char *what)
{
	fprintf(stderr, "victim: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A path beside our own program, so that nothing but attack programs can be run. */
static void beside(const char *name, char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (length <= 0)
		fail("our own path");
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash || strchr(name, '/'))
		fail("a trigger's name");
	snprintf(slash + 1, size - (size_t)(slash + 1 - path), "%s", name);
}

/* An attack by the protected process itself: a child of ours is one. Its line may be missing, if it was killed. */
void run_beside(char *trigger)
{
	char path[256], truth[1024], *road = strchr(trigger, ' ');
	size_t used = 0;
	int said[2], status;
	ssize_t got;
	pid_t child;

	if (road)
		*road++ = '\0';
	beside(trigger, path, sizeof(path));
	if (pipe2(said, O_CLOEXEC))
		fail("pipe");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(said[1], STDOUT_FILENO);
		execl(path, trigger, "--road", road ? road : "default", (char *)NULL);
		_exit(127);
	}
	close(said[1]);
	while (used < sizeof(truth) - 1 && (got = read(said[0], truth + used, sizeof(truth) - 1 - used)) > 0)
		used += (size_t)got;
	close(said[0]);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			fail("the trigger");
	truth[used] = '\0';
	truth[strcspn(truth, "\n")] = '\0';
	printf("{\"status\":%d,\"truth\":%s}\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
	       truth[0] == '{' ? truth : "null");
}
