// SPDX-License-Identifier: Apache-2.0
/* Physical memory through the memory device, whatever its path. Reads a few bytes of the firmware area. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FIRMWARE 0xf0000

static int open_fresh_node(const char *path, int flags)
{
	(void)path;
	private_mnt();
	if (mknod("/mnt/harmless", S_IFCHR | 0600, makedev(1, 1)))
		cannot_try("mknod failed");
	return open_plain("/mnt/harmless", flags);
}

static void read_physical(const struct aim *aim, const struct road *road, struct outcome *out)
{
	unsigned char bytes[16];
	char hex[2 * sizeof(bytes) + 1];
	int fd = road->open("/dev/mem", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd == -ENOENT || fd == -ENXIO) {
		errno = -fd;
		cannot_try("this machine has no memory device");
	}
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	if (aim->live) {
		succeeded(out, "memory device open", 18);
		close(fd);
		return;
	}
	got = pread(fd, bytes, sizeof(bytes), FIRMWARE);
	if (got <= 0) {
		refused(out, got < 0 ? errno : ENODATA);
	} else {
		for (ssize_t i = 0; i < got; i++)
			snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
		succeeded(out, hex, 2 * (size_t)got);
	}
	close(fd);
}

#define ROAD(NAME, OPEN) { .name = NAME, .live = 1, .attempt = read_physical, .open = OPEN }

static const struct road roads[] = {
	ROAD("default", open_plain), ROAD("fresh_node", open_fresh_node),
	ROAD("opath", open_opath),   ROAD("compat", open_compat),
	ROAD("bind", open_bind),     ROAD("io_uring_async", open_io_uring_async),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "dev_mem", roads, COUNT(roads));
}
