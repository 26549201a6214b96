// SPDX-License-Identifier: Apache-2.0
/*
 * A child of the attacker with network, mount and host name of its own, protected by the agent: its namespaces are
 * opened, or entered by a descriptor from before its protection, or by its pidfd.
 */
#define _GNU_SOURCE
#include "protect.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t start_child(void)
{
	int told[2];
	pid_t child;
	char byte;

	if (pipe2(told, O_CLOEXEC))
		cannot_try("no pipe");
	child = fork();
	if (child < 0)
		cannot_try("no child");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS) || write(told[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(told[1]);
	if (read(told[0], &byte, 1) != 1)
		cannot_try("the child has no namespaces of its own");
	close(told[0]);
	return child;
}

static void conclude(struct outcome *out, long result)
{
	if (result < 0)
		refused(out, (int)-result);
	else
		succeeded(out, "", 0);
}

static long enter(const struct road *road, int fd, int kind)
{
	long result;

	if (road->compat)
		return compat_syscall(346 /* setns */, (unsigned long)fd, (unsigned long)kind, 0, 0, 0);
	result = setns(fd, kind);
	return result < 0 ? -errno : result;
}

static void open_file(const struct aim *aim, const struct road *road, struct outcome *out)
{
	pid_t child = start_child();
	char path[64];

	protect(aim, child);
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", child, road->file);
	conclude(out, road->open(path, O_RDONLY | O_CLOEXEC));
	kill(child, SIGKILL);
}

static void enter_by_file(const struct aim *aim, const struct road *road, struct outcome *out)
{
	pid_t child = start_child();
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", child, road->file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		cannot_try("the namespace cannot be opened before protection");
	protect(aim, child);
	conclude(out, enter(road, fd, road->number));
	kill(child, SIGKILL);
}

static void enter_by_pidfd(const struct aim *aim, const struct road *road, struct outcome *out)
{
	pid_t child = start_child();
	int fd = (int)syscall(SYS_pidfd_open, child, 0);

	if (fd < 0)
		cannot_try("pidfd_open failed");
	protect(aim, child);
	conclude(out, enter(road, fd, road->number));
	kill(child, SIGKILL);
}

static const struct road roads[] = {
	{ .name = "default", .live = 1, .attempt = open_file, .open = open_plain, .file = "net" },
	{ .name = "mnt", .live = 1, .attempt = open_file, .open = open_plain, .file = "mnt" },
	{ .name = "compat", .live = 1, .attempt = open_file, .open = open_compat, .file = "uts" },
	{ .name = "opath", .live = 1, .attempt = open_file, .open = open_opath, .file = "net" },
	{ .name = "io_uring", .live = 1, .attempt = open_file, .open = open_io_uring, .file = "net" },
	{ .name = "earlier_net", .live = 1, .attempt = enter_by_file, .file = "net", .number = CLONE_NEWNET },
	{ .name = "earlier_mnt", .live = 1, .attempt = enter_by_file, .file = "mnt", .number = CLONE_NEWNS },
	{ .name = "earlier_any_kind", .live = 1, .attempt = enter_by_file, .file = "uts" },
	{ .name = "earlier_compat", .live = 1, .attempt = enter_by_file, .file = "net", .compat = 1 },
	{ .name = "pidfd", .live = 1, .attempt = enter_by_pidfd, .number = CLONE_NEWNET },
	{ .name = "pidfd_several",
	  .live = 1,
	  .attempt = enter_by_pidfd,
	  .number = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS },
	{ .name = "pidfd_compat", .live = 1, .attempt = enter_by_pidfd, .number = CLONE_NEWUTS, .compat = 1 },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "ns_enter", roads, COUNT(roads));
}
