// SPDX-License-Identifier: Apache-2.0
/* Physical memory through the memory device, whatever its path. Reads a few bytes of the firmware area. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifdef __aarch64__
/* read() gives nothing but memory there, and that is forbidden; the flash at the beginning can be mapped. */
static ssize_t read_firmware(int fd, unsigned char *bytes, size_t size)
{
	const volatile uint32_t *flash = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	if (flash == MAP_FAILED)
		return -1;
	for (size_t i = 0; i < size / 4; i++) {
		uint32_t word = flash[i];

		memcpy(bytes + 4 * i, &word, 4);
	}
	munmap((void *)flash, 4096);
	return (ssize_t)size;
}
#else
#define FIRMWARE 0xf0000

static ssize_t read_firmware(int fd, unsigned char *bytes, size_t size)
{
	return pread(fd, bytes, size, FIRMWARE);
}
#endif

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
	got = read_firmware(fd, bytes, sizeof(bytes));
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
