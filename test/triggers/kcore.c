// SPDX-License-Identifier: Apache-2.0
/* The kernel's memory through /proc/kcore; the evidence is the head of the ELF file it pretends to be. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void read_header(const struct aim *aim, const struct road *road, struct outcome *out)
{
	unsigned char bytes[16];
	char hex[2 * sizeof(bytes) + 1];
	int fd = road->open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	if (aim->live) {
		succeeded(out, "kernel memory open", 18);
		close(fd);
		return;
	}
	got = pread(fd, bytes, sizeof(bytes), 0);
	if (got <= 0) {
		refused(out, got < 0 ? errno : ENODATA);
	} else {
		for (ssize_t i = 0; i < got; i++)
			snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
		succeeded(out, hex, 2 * (size_t)got);
	}
	close(fd);
}

#define ROAD(NAME, OPEN) { .name = NAME, .live = 1, .attempt = read_header, .open = OPEN }

static const struct road roads[] = {
	ROAD("default", open_plain),
	ROAD("second_procfs", open_second_procfs),
	ROAD("bind", open_bind),
	ROAD("opath", open_opath),
	ROAD("compat", open_compat),
	{ .name = "held", .not_live = HELD_TOO_EARLY, .attempt = read_header, .open = open_held },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "kcore", roads, COUNT(roads));
}
