// SPDX-License-Identifier: Apache-2.0
/* Reads the head of the first swap device in use, past the kernel's own use of it. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char device[128];

static void find_swap_device(void)
{
	char line[256], kind[32];
	FILE *swaps = fopen("/proc/swaps", "re");

	if (!swaps)
		cannot_try("/proc/swaps cannot be read");
	while (fgets(line, sizeof(line), swaps))
		if (sscanf(line, "%127s %31s", device, kind) == 2 && !strcmp(kind, "partition"))
			break;
		else
			device[0] = '\0';
	fclose(swaps);
	errno = ENODEV;
	if (!device[0])
		cannot_try("no block device carries swap");
}

static int open_fresh_node(const char *path, int flags)
{
	struct stat status;

	if (stat(path, &status))
		cannot_try("the swap device has no node");
	private_mnt();
	if (mknod("/mnt/harmless", S_IFBLK | 0600, status.st_rdev))
		cannot_try("mknod failed");
	return open_plain("/mnt/harmless", flags);
}

static void read_device(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static char page[4096];
	int fd;

	find_swap_device();
	fd = road->open(device, (road->number ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	if (aim->live) {
		succeeded(out, "swap device open", 16);
		close(fd);
		return;
	}
	if (pread(fd, page, sizeof(page), 0) == (ssize_t)sizeof(page) && !memcmp(page + 4086, "SWAPSPACE2", 10))
		succeeded(out, page + 4086, 10);
	else
		refused(out, EIO);
	close(fd);
}

#define ROAD(NAME, OPEN) { .name = NAME, .live = 1, .attempt = read_device, .open = OPEN }

static const struct road roads[] = {
	ROAD("default", open_plain),
	{ .name = "read_write",
	  .not_live = "after a descriptor for writing is closed, udev looks at the disk anew",
	  .attempt = read_device,
	  .open = open_plain,
	  .number = 1 },
	ROAD("fresh_node", open_fresh_node),
	ROAD("bind", open_bind),
	ROAD("opath", open_opath),
	ROAD("compat", open_compat),
	ROAD("thread", open_in_thread),
	ROAD("io_uring_async", open_io_uring_async),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "block_raw", roads, COUNT(roads));
}
