// SPDX-License-Identifier: Apache-2.0
/* The target's environment through /proc/P/environ; the evidence is its VICTIM_TOKEN, or its first variable. */
#define _GNU_SOURCE
#include "trigger.h"

#include <string.h>

static void read_environment(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static const char wanted[] = "VICTIM_TOKEN=";
	static char text[65536];
	ssize_t got = read_by_road(aim, road, out, text, sizeof(text) - 1, 0);
	char *found;

	if (got <= 0)
		return;
	found = memmem(text, (size_t)got, wanted, sizeof(wanted) - 1);
	found = found ? found + sizeof(wanted) - 1 : text;
	succeeded(out, found, strlen(found));
}

#define ROAD(NAME, OPEN, TASK)                                                                                         \
	{ .name = NAME, .live = 1, .attempt = read_environment, .open = OPEN, .file = "environ", .in_task = TASK }

static const struct road roads[] = {
	ROAD("default", open_plain, 0),
	ROAD("task", open_plain, 1),
	ROAD("second_procfs", open_second_procfs, 0),
	ROAD("bind", open_bind, 0),
	ROAD("opath", open_opath, 0),
	ROAD("compat", open_compat, 0),
	ROAD("other_pidns", open_other_pidns, 0),
	ROAD("io_uring_async", open_io_uring_async, 0),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "environ_read", roads, COUNT(roads));
}
