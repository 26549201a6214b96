// SPDX-License-Identifier: Apache-2.0
/* A marker written into the target's scratch area (--address) through /proc/P/mem. */
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void write_memory(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static const char marker[] = "overwritten by procmem_write";
	char path[128];
	ssize_t done;
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = road->open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	done = pwrite(fd, marker, sizeof(marker), (off_t)(aim->scratch ? aim->scratch : aim->address));
	if (done == (ssize_t)sizeof(marker))
		succeeded(out, marker, sizeof(marker) - 1);
	else
		refused(out, done < 0 ? errno : EIO);
	close(fd);
}

#define ROAD(NAME, OPEN, TASK)                                                                                         \
	{ .name = NAME, .live = 1, .attempt = write_memory, .open = OPEN, .file = "mem", .in_task = TASK }

static const struct road roads[] = {
	ROAD("default", open_plain, 0),
	ROAD("task", open_plain, 1),
	ROAD("second_procfs", open_second_procfs, 0),
	ROAD("compat", open_compat, 0),
	ROAD("io_uring_async", open_io_uring_async, 0),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "procmem_write", roads, COUNT(roads));
}
