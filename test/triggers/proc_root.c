// SPDX-License-Identifier: Apache-2.0
/* Through the target's root and working directory to its files; the evidence is what lies there. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void read_below(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[128], text[64];
	ssize_t got;
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = road->open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	got = read(fd, text, sizeof(text));
	if (got <= 0)
		cannot_try("opened, but it cannot be read");
	succeeded(out, text, (size_t)got);
	close(fd);
}

static void list_directory(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[128], entries[1024];
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = road->open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	if (syscall(SYS_getdents64, fd, entries, sizeof(entries)) <= 0)
		cannot_try("opened, but it cannot be listed");
	succeeded(out, "listed", 6);
	close(fd);
}

static void path_only(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[128];
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		refused(out, errno);
	else
		succeeded(out, "path", 4);
}

static void enter(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[128], here[128];

	procfs_path(path, sizeof(path), aim, road);
	if (road->number ? chroot(path) : chdir(path))
		refused(out, errno);
	else if (getcwd(here, sizeof(here)))
		succeeded(out, here, strlen(here));
	else
		cannot_try("no working directory");
}

#define ROAD(NAME, ATTEMPT, OPEN, FILE, ...)                                                                           \
	{ .name = NAME, .live = 1, .attempt = ATTEMPT, .open = OPEN, .file = FILE, ##__VA_ARGS__ }

static const struct road roads[] = {
	ROAD("default", read_below, open_plain, "root/etc/passwd"),
	ROAD("task", read_below, open_plain, "root/etc/passwd", .in_task = 1),
	ROAD("second_procfs", read_below, open_second_procfs, "root/etc/passwd"),
	ROAD("compat", read_below, open_compat, "root/etc/passwd"),
	ROAD("io_uring", read_below, open_io_uring, "root/etc/passwd"),
	ROAD("io_uring_async", read_below, open_io_uring_async, "root/etc/passwd"),
	ROAD("cwd", list_directory, open_plain, "cwd"),
	ROAD("opath", path_only, NULL, "root"),
	ROAD("chdir", enter, NULL, "cwd"),
	ROAD("chroot", enter, NULL, "root", .number = 1),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "proc_root", roads, COUNT(roads));
}
