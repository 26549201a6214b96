// SPDX-License-Identifier: Apache-2.0
/*
 * Many small processes in many control groups, as the containers of a full node. One line of input names a directory of
 * the hierarchy, which is made with all above it; a process of its own enters it and sleeps. Says how many there are
 * when input ends, and lives until it is killed, as they do.
 *   crowd --groups-only     makes the groups, and nobody in them
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_path(char *path)
{
	for (char *at = path + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			return -1;
		*at = '/';
	}
	return mkdir(path, 0755) && errno != EEXIST ? -1 : 0;
}

static void live_in(const char *group)
{
	char procs[4200];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(1);
	close(fd);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int only = argc > 1 && !strcmp(argv[1], "--groups-only"), many = 0;
	static char line[4096];
	pid_t child;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (make_path(line)) {
			perror(line);
			return 1;
		}
		many++;
		if (only)
			continue;
		child = fork();
		if (child == 0)
			live_in(line);
		if (child < 0) {
			perror("fork");
			return 1;
		}
	}
	printf("%d\n", many);
	fflush(stdout);
	while (!only)
		pause();
	return 0;
}
