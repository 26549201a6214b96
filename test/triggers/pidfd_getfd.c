// SPDX-License-Identifier: Apache-2.0
/* A copy of the target's descriptor --fd, and what can be read through it. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static void steal(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char secret[256];
	ssize_t got;
	int pidfd = (int)syscall(SYS_pidfd_open, aim->target, 0);
	long fd;

	if (pidfd < 0)
		cannot_try("pidfd_open failed");
	if (road->compat) {
		fd = compat_syscall(SYS_pidfd_getfd, (unsigned long)pidfd, (unsigned long)aim->fd, 0, 0, 0);
	} else {
		fd = syscall(SYS_pidfd_getfd, pidfd, aim->fd, 0);
		fd = fd < 0 ? -errno : fd;
	}
	if (fd < 0) {
		refused(out, (int)-fd);
		return;
	}
	got = pread((int)fd, secret, aim->length, 0);
	if (got < 0)
		cannot_try("the descriptor was stolen but cannot be read");
	succeeded(out, secret, (size_t)got);
}

static const struct road roads[] = {
	{ .name = "default", .live = 1, .attempt = steal },
	{ .name = "compat", .live = 1, .attempt = steal, .compat = 1 },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "pidfd_getfd", roads, COUNT(roads));
}
