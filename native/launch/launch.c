// SPDX-License-Identifier: Apache-2.0
/*
 * Starts the command in a container. The agent works with the control groups and the executable that the node knows: so
 * this enters the node's cgroup namespace, and runs the agent from a file that lies on the node and stays the same when
 * the container is another one, since the guards know the next agent by its executable. The image has no shell.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* Overridden by tests, which have no such image. */
#ifndef LAUNCH_ROOT
#define LAUNCH_ROOT "/usr/lib/cloudtaser"
#endif
#ifndef LAUNCH_STATE
#define LAUNCH_STATE "/var/lib/cloudtaser"
#endif

#define IMAGE_NODE LAUNCH_ROOT "/node"
#define COMMAND	   LAUNCH_ROOT "/dist/bin/cloudtaser.cjs"
/* As in packaging/cloudtaser.sh. */
#define HEAP	   "--max-semi-space-size=4"
#define DIRECTORY  LAUNCH_STATE "/executable"
#define KEPT_NODE  DIRECTORY "/node"
#define UNFINISHED DIRECTORY "/node.new"

static void complain(const char *what, const char *path)
{
	fprintf(stderr, "cloudtaser: %s %s: %s\n", what, path, strerror(errno));
}

/* Only the agent needs it. Paths in /proc/PID/cgroup are told relative to the reader's namespace; only the node's own
 * have all of them. */
static void enter_cgroups_of_node(int must)
{
	static const char theirs[] = "/proc/1/ns/cgroup", ours[] = "/proc/self/ns/cgroup";
	struct stat own, other;
	int fd = open(theirs, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &other) || stat(ours, &own) ||
	    (own.st_ino != other.st_ino && setns(fd, CLONE_NEWCGROUP))) {
		if (must)
			complain("control groups will be unknown: cannot enter", theirs);
	}
	if (fd >= 0)
		close(fd);
}

/* Returns 0 if the copy is whole and in its place. What is half-written keeps another name. */
static int keep_executable(void)
{
	struct stat info;
	int from = open(IMAGE_NODE, O_RDONLY | O_CLOEXEC), to, failed;
	off_t done = 0;

	if (from < 0)
		return -1;
	if ((mkdir(DIRECTORY, 0700) && errno != EEXIST) || fstat(from, &info)) {
		close(from);
		return -1;
	}
	to = open(UNFINISHED, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0700);
	failed = to < 0;
	while (!failed && done < info.st_size)
		failed = sendfile(to, from, &done, (size_t)(info.st_size - done)) <= 0;
	failed = failed || fsync(to) || fchmod(to, 0755);
	if (to >= 0)
		close(to);
	close(from);
	if (failed || rename(UNFINISHED, KEPT_NODE)) {
		int error = errno;

		unlink(UNFINISHED);
		errno = error;
		return -1;
	}
	return 0;
}

/* The one that is kept, though the image's is newer: standing guards know no other. The agent renews it when it runs.
 */
static const char *executable_of_agent(void)
{
	if (access(KEPT_NODE, X_OK) == 0)
		return KEPT_NODE;
	if (keep_executable() == 0)
		return KEPT_NODE;
	complain("a restarted agent will not be known by its guards: cannot keep", KEPT_NODE);
	return IMAGE_NODE;
}

int main(int argc, char **argv)
{
	int agent = argc > 1 && !strcmp(argv[1], "agent");
	const char *executable = agent ? executable_of_agent() : IMAGE_NODE;
	char **arguments = calloc((size_t)argc + 3, sizeof(*arguments));

	if (!arguments) {
		complain("cannot start", executable);
		return 126;
	}
	enter_cgroups_of_node(agent);
	arguments[0] = "node";
	arguments[1] = HEAP;
	arguments[2] = COMMAND;
	for (int i = 1; i < argc; i++)
		arguments[i + 2] = argv[i];
	if (agent)
		setenv("CLOUDTASER_IMAGE_EXECUTABLE", IMAGE_NODE, 1);
	execv(executable, arguments);
	complain("cannot start", executable);
	return 126;
}
