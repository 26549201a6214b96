// SPDX-License-Identifier: Apache-2.0
/* A marker written into the target's scratch area (--address) by process_vm_writev. */
#define _GNU_SOURCE
#include "crossmem.h"

#include <string.h>

static const char marker[] = "overwritten by process_vm_write";

static void conclude(struct outcome *out, long result)
{
	if (result == (long)sizeof(marker))
		succeeded(out, marker, sizeof(marker) - 1);
	else
		refused(out, result < 0 ? (int)-result : EIO);
}

static unsigned long place_of(const struct aim *aim)
{
	return aim->scratch ? aim->scratch : aim->address;
}

static void write_native(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char text[sizeof(marker)];

	(void)road;
	memcpy(text, marker, sizeof(marker));
	conclude(out, cross_native(SYS_process_vm_writev, aim->target, text, place_of(aim), sizeof(text)));
}

static void write_compat(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char *text = low_memory(4096);

	(void)road;
	memcpy(text, marker, sizeof(marker));
	conclude(out, cross_compat(348, aim->target, text, place_of(aim), sizeof(marker)));
}

static const struct road roads[] = {
	{ .name = "default", .live = 1, .attempt = write_native },
	{ .name = "compat", .live = 1, .attempt = write_compat },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "process_vm_write", roads, COUNT(roads));
}
