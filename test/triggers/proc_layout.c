// SPDX-License-Identifier: Apache-2.0
/* The files of /proc/P that tell where things lie in memory; the road is the file. */
#include "trigger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

static void read_layout(const struct aim *aim, const struct road *road, struct outcome *out)
{
	unsigned char bytes[64];
	char hex[2 * 16 + 1];
	ssize_t got = read_by_road(aim, road, out, bytes, sizeof(bytes), 0);
	size_t shown = got > 16 ? 16 : (size_t)got;

	if (got <= 0)
		return;
	if (road->number) {
		for (size_t i = 0; i < shown; i++)
			snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
		succeeded(out, hex, 2 * shown);
	} else {
		succeeded(out, bytes, (size_t)got);
	}
}

/* The names in this directory are addresses. */
static void list_addresses(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[64], *name = NULL;
	struct dirent *entry;
	DIR *directory;
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = road->open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	directory = fdopendir(fd);
	errno = 0;
	while (directory && !name && (entry = readdir(directory)))
		name = entry->d_name[0] == '.' ? NULL : entry->d_name;
	if (name)
		succeeded(out, name, strlen(name));
	else
		refused(out, errno ? errno : ENOENT);
}

/* What reads do not show: a question to maps, which the kernel answers from 6.11 on. */
static void ask_maps(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static uint64_t query[13] = { sizeof(query), 0x10 /* the mapping there, or the next one */, 0 };
	char path[64], text[64];
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = road->open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
	} else if (!ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 'f', 17, sizeof(query)), query)) {
		succeeded(out, text, (size_t)snprintf(text, sizeof(text), "%lx", (unsigned long)query[3]));
	} else {
		if (errno == ENOTTY)
			cannot_try("this kernel answers no questions about maps");
		refused(out, errno);
	}
}

#define HELD(NAME) { .name = "held_" NAME, .live = 1, .attempt = read_layout, .open = open_held, .file = NAME }
#define HELD_BINARY(NAME)                                                                                              \
	{ .name = "held_" NAME, .live = 1, .attempt = read_layout, .open = open_held, .file = NAME, .number = 1 }
#define TEXT(NAME)   { .name = NAME, .live = 1, .attempt = read_layout, .open = open_plain, .file = NAME }
#define BINARY(NAME) { .name = NAME, .live = 1, .attempt = read_layout, .open = open_plain, .file = NAME, .number = 1 }
#define MAPS(NAME, OPEN, TASK)                                                                                         \
	{ .name = NAME, .live = 1, .attempt = read_layout, .open = OPEN, .file = "maps", .in_task = TASK }

static const struct road roads[] = {
	TEXT("maps"),
	TEXT("smaps"),
	TEXT("smaps_rollup"),
	TEXT("numa_maps"),
	BINARY("pagemap"),
	BINARY("auxv"),
	TEXT("stack"),
	TEXT("syscall"),
	TEXT("personality"),
	MAPS("task_maps", open_plain, 1),
	MAPS("second_procfs_maps", open_second_procfs, 0),
	MAPS("compat_maps", open_compat, 0),
	MAPS("io_uring_maps", open_io_uring_async, 0),
	HELD("maps"),
	HELD("smaps"),
	HELD("smaps_rollup"),
	HELD("numa_maps"),
	HELD_BINARY("pagemap"),
	HELD_BINARY("auxv"),
	HELD("stack"),
	HELD("syscall"),
	HELD("personality"),
	{ .name = "map_files", .live = 1, .attempt = list_addresses, .open = open_plain, .file = "map_files" },
	{ .name = "held_map_files", .live = 1, .attempt = list_addresses, .open = open_held, .file = "map_files" },
	{ .name = "question", .live = 1, .attempt = ask_maps, .open = open_plain, .file = "maps" },
	{ .name = "held_question", .live = 1, .attempt = ask_maps, .open = open_held, .file = "maps" },
	{ .name = "thread_gone_question", .live = 1, .attempt = ask_maps, .open = open_held, .file = "task/gone/maps" },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "proc_layout", roads, COUNT(roads));
}
