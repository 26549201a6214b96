// SPDX-License-Identifier: Apache-2.0
/*
 * Writing the files of /proc/P that change how the kernel treats the target; what was there is put back.
 * The kernel refuses foreign writes to attr and id maps by itself, but only after the open, which is the attack there.
 */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int open_for_writing(const struct aim *aim, const struct road *road, struct outcome *out, char path[128])
{
	int fd;

	procfs_path(path, 128, aim, road);
	fd = road->open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		refused(out, -fd);
	return fd;
}

static void only_open(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[128];
	int fd = open_for_writing(aim, road, out, path);

	if (fd < 0)
		return;
	succeeded(out, road->file, strlen(road->file));
	close(fd);
}

static void clear_references(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[128];
	int fd = open_for_writing(aim, road, out, path);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) == 1)
		succeeded(out, "cleared", 7);
	else
		refused(out, errno);
	close(fd);
}

static size_t value_of(const char *path, char value[32])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, value, 31);

	if (got <= 0)
		cannot_try("the value cannot be read");
	close(fd);
	value[got] = '\0';
	return (size_t)got;
}

static void change_value(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[128], plain[128], before[32], after[32], wanted[32];
	size_t length, size;
	int fd;

	procfs_path(plain, sizeof(plain), aim, road);
	if (road->open == open_other_pidns)
		snprintf(before, sizeof(before), "0\n");
	else
		value_of(plain, before);
	length = strlen(before);
	fd = open_for_writing(aim, road, out, path);
	if (fd < 0)
		return;
	if (road->open == open_held) {
		/* One write is one attempt: what stands there already. */
		if (write(fd, before, length) == (ssize_t)length)
			succeeded(out, before, length - 1);
		else
			refused(out, errno);
		return;
	}
	size = (size_t)snprintf(wanted, sizeof(wanted), "%d\n", road->number);
	if (write(fd, wanted, size) != (ssize_t)size) {
		refused(out, errno);
	} else {
		if (road->open == open_other_pidns)
			memcpy(after, wanted, size + 1);
		else
			value_of(plain, after);
		lseek(fd, 0, SEEK_SET);
		if (write(fd, before, length) != (ssize_t)length)
			cannot_try("the old value cannot be put back");
		succeeded(out, after, strcspn(after, "\n"));
	}
	close(fd);
}

#define SCORE(NAME, OPEN, TASK)                                                                                        \
	{ .name = NAME,                                                                                                \
	  .live = 1,                                                                                                   \
	  .attempt = change_value,                                                                                     \
	  .open = OPEN,                                                                                                \
	  .file = "oom_score_adj",                                                                                     \
	  .in_task = TASK,                                                                                             \
	  .number = 9 }
#define OPEN_ONLY(NAME, FILE, TASK)                                                                                    \
	{ .name = NAME, .live = 1, .attempt = only_open, .open = open_plain, .file = FILE, .in_task = TASK }

static const struct road roads[] = {
	SCORE("default", open_plain, 0),
	SCORE("task", open_plain, 1),
	SCORE("second_procfs", open_second_procfs, 0),
	SCORE("bind", open_bind, 0),
	SCORE("opath", open_opath, 0),
	SCORE("compat", open_compat, 0),
	SCORE("io_uring_async", open_io_uring_async, 0),
	SCORE("held", open_held, 0),
	SCORE("other_pidns", open_other_pidns, 0),
	{ .name = "oom_adj", .live = 1, .attempt = change_value, .open = open_plain, .file = "oom_adj", .number = 3 },
	{ .name = "timerslack_ns",
	  .live = 1,
	  .attempt = change_value,
	  .open = open_plain,
	  .file = "timerslack_ns",
	  .number = 60000 },
	{ .name = "clear_refs", .live = 1, .attempt = clear_references, .open = open_plain, .file = "clear_refs" },
	OPEN_ONLY("attr_current", "attr/current", 0),
	OPEN_ONLY("task_attr_exec", "attr/exec", 1),
	OPEN_ONLY("uid_map", "uid_map", 0),
	OPEN_ONLY("gid_map", "gid_map", 0),
	OPEN_ONLY("setgroups", "setgroups", 0),
	OPEN_ONLY("timens_offsets", "timens_offsets", 0),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "oom_adj", roads, COUNT(roads));
}
