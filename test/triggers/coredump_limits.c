// SPDX-License-Identifier: Apache-2.0
/* The target's limits by prlimit, which here sets what is set already, and its coredump_filter, put back as it was. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void set_limit(const struct aim *aim, const struct road *road, struct outcome *out)
{
	pid_t who = road->in_task ? other_thread(aim) : aim->target;
	struct rlimit limit;
	char text[64];

	/* Reading is no attack. */
	if (prlimit(who, (enum __rlimit_resource)road->number, NULL, &limit))
		cannot_try("the limit cannot be read");
	if (prlimit(who, (enum __rlimit_resource)road->number, &limit, NULL)) {
		refused(out, errno);
		return;
	}
	succeeded(out, text, (size_t)snprintf(text, sizeof(text), "limit %d set", road->number));
}

static void set_limit_compat(const struct aim *aim, const struct road *road, struct outcome *out)
{
	uint64_t *limit = low_memory(4096);
	long result = compat_syscall(340 /* prlimit64 */, (unsigned long)aim->target, (unsigned long)road->number, 0,
				     (unsigned long)limit, 0);

	if (result < 0) {
		errno = (int)-result;
		cannot_try("the limit cannot be read");
	}
	result = compat_syscall(340, (unsigned long)aim->target, (unsigned long)road->number, (unsigned long)limit, 0,
				0);
	if (result < 0)
		refused(out, (int)-result);
	else
		succeeded(out, "limit set", 9);
}

static void set_filter(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[128], before[16], after[16];
	ssize_t length;
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : pread(fd, before + 2, sizeof(before) - 3, 0);
	if (length <= 0)
		cannot_try("the filter cannot be read");
	before[0] = '0';
	before[1] = 'x';
	close(fd);
	fd = road->open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	/* One write is one attempt: through an old descriptor, what stands there already. */
	if (road->open == open_held) {
		if (write(fd, before, (size_t)length + 2) < 0)
			refused(out, errno);
		else
			succeeded(out, before, (size_t)length + 1);
	} else if (write(fd, "0x7f", 4) != 4) {
		refused(out, errno);
	} else {
		ssize_t got = pread(fd, after, sizeof(after), 0);

		if (write(fd, before, (size_t)length + 2) < 0 || got <= 0)
			cannot_try("the old filter cannot be put back");
		succeeded(out, after, (size_t)got - 1);
	}
	close(fd);
}

#define LIMIT(NAME, RESOURCE, TASK)                                                                                    \
	{ .name = NAME, .live = 1, .attempt = set_limit, .number = RESOURCE, .in_task = TASK }
#define FILTER(NAME, OPEN) { .name = NAME, .live = 1, .attempt = set_filter, .open = OPEN, .file = "coredump_filter" }

static const struct road roads[] = {
	LIMIT("default", RLIMIT_CORE, 0),
	LIMIT("cpu", RLIMIT_CPU, 0),
	LIMIT("file_size", RLIMIT_FSIZE, 0),
	LIMIT("thread", RLIMIT_CORE, 1),
	{ .name = "compat", .live = 1, .attempt = set_limit_compat, .number = RLIMIT_CORE },
	FILTER("filter", open_plain),
	FILTER("filter_second_procfs", open_second_procfs),
	FILTER("filter_bind", open_bind),
	FILTER("filter_opath", open_opath),
	FILTER("filter_held", open_held),
	FILTER("filter_compat", open_compat),
	FILTER("filter_io_uring_async", open_io_uring_async),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "coredump_limits", roads, COUNT(roads));
}
