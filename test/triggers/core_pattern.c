// SPDX-License-Identifier: Apache-2.0
/* The kernel's settings that say where cores go, and those by which it prints registers: changed, looked at, put back
 * through the same descriptor. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void current_value(const char *path, char value[160])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, value, 159);

	if (got <= 0)
		cannot_try("the setting cannot be read");
	close(fd);
	value[got] = '\0';
}

static void change(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[64], before[160], after[160];
	const char *wanted = road->argument ? road->argument : "/tmp/stolen.%p\n";
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", road->file);
	current_value(path, before);
	fd = road->open(path, O_WRONLY | O_CLOEXEC);
	if (ends_at_open(aim, fd, out))
		return;
	/* One write is one attempt: through an old descriptor, what stands there already. */
	if (road->open == open_held) {
		if (pwrite(fd, before, strlen(before), 0) < 0)
			refused(out, errno);
		else
			succeeded(out, before, strcspn(before, "\n"));
	} else if (pwrite(fd, wanted, strlen(wanted), 0) < 0) {
		refused(out, errno);
	} else {
		current_value(path, after);
		if (pwrite(fd, before, strlen(before), 0) < 0)
			cannot_try("the old value cannot be put back");
		succeeded(out, after, strcspn(after, "\n"));
	}
	close(fd);
}

#define PATTERN(NAME, OPEN) { .name = NAME, .live = 1, .attempt = change, .open = OPEN, .file = "kernel/core_pattern" }

#define SETTING(NAME, FILE, VALUE)                                                                                     \
	{ .name = NAME, .live = 1, .attempt = change, .open = open_plain, .file = FILE, .argument = VALUE }

static const struct road roads[] = {
	PATTERN("default", open_plain),
	PATTERN("second_procfs", open_second_procfs),
	PATTERN("bind", open_bind),
	PATTERN("opath", open_opath),
	PATTERN("compat", open_compat),
	PATTERN("thread_of_attacker", open_in_thread),
	{ .name = "held",
	  .not_live = HELD_TOO_EARLY,
	  .attempt = change,
	  .open = open_held,
	  .file = "kernel/core_pattern" },
	PATTERN("io_uring", open_io_uring),
	PATTERN("io_uring_async", open_io_uring_async),
	SETTING("core_pipe_limit", "kernel/core_pipe_limit", "2\n"),
	SETTING("suid_dumpable", "fs/suid_dumpable", "2\n"),
	SETTING("hung_task_backtrace", "kernel/hung_task_all_cpu_backtrace", "1\n"),
	SETTING("softlockup_backtrace", "kernel/softlockup_all_cpu_backtrace", "1\n"),
	SETTING("fatal_signals", "kernel/print-fatal-signals", "1\n"),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "core_pattern", roads, COUNT(roads));
}
