// SPDX-License-Identifier: Apache-2.0
/* The target's secret through /proc/P/mem, by every way to open that file. */
#include "trigger.h"

static void read_memory(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char secret[256];
	ssize_t got = read_by_road(aim, road, out, secret, aim->length, (off_t)aim->address);

	if (got > 0)
		succeeded(out, secret, (size_t)got);
}

#define ROAD(NAME, OPEN, TASK)                                                                                         \
	{ .name = NAME, .live = 1, .attempt = read_memory, .open = OPEN, .file = "mem", .in_task = TASK }

static const struct road roads[] = {
	ROAD("default", open_plain, 0),
	ROAD("task", open_plain, 1),
	ROAD("second_procfs", open_second_procfs, 0),
	ROAD("bind", open_bind, 0),
	ROAD("opath", open_opath, 0),
	ROAD("compat", open_compat, 0),
	ROAD("thread_of_attacker", open_in_thread, 0),
	ROAD("io_uring", open_io_uring, 0),
	ROAD("other_pidns", open_other_pidns, 0),
	ROAD("io_uring_async", open_io_uring_async, 0),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "procmem_read", roads, COUNT(roads));
}
