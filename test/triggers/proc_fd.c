// SPDX-License-Identifier: Apache-2.0
/* Through /proc/P/fd/N to the target's memory file and the secret in it, and through map_files to its program. */
#define _GNU_SOURCE
#include "trigger.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void link_path(const struct aim *aim, const struct road *road, char path[128])
{
	if (road->in_task)
		snprintf(path, 128, "/proc/%d/task/%d/fd/%d", aim->target, other_thread(aim), aim->fd);
	else
		snprintf(path, 128, "/proc/%d/fd/%d", aim->target, aim->fd);
}

static void show(const struct aim *aim, int fd, struct outcome *out)
{
	char secret[256];
	ssize_t got;

	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	got = pread(fd, secret, aim->length, 0);
	if (got <= 0)
		cannot_try("opened, but it cannot be read");
	succeeded(out, secret, (size_t)got);
	close(fd);
}

static void read_link(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[128];

	link_path(aim, road, path);
	show(aim, road->open(path, O_RDONLY | O_CLOEXEC), out);
}

static void path_only(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[128];
	int fd;

	link_path(aim, road, path);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		refused(out, errno);
	else
		succeeded(out, "path", 4);
}

static void from_directory(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[64];
	int directory, fd;

	(void)road;
	snprintf(path, sizeof(path), "/proc/%d/fd", aim->target);
	directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		cannot_try("the directory cannot be opened");
	snprintf(path, sizeof(path), "%d", aim->fd);
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	show(aim, fd < 0 ? -errno : fd, out);
}

static void cut_short(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[128];

	link_path(aim, road, path);
	/* To the length that it has: nothing is lost. */
	if (truncate(path, (off_t)aim->length))
		refused(out, errno);
	else
		succeeded(out, "truncate", 8);
}

/*
 * The name of the first mapping of a program that is always at the same place: its file tells, which anybody has. The
 * directory itself is not listed, and no file in /proc is asked.
 */
static void first_mapping(const struct aim *aim, char path[512])
{
	unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE), start, end;
	char link[64], program[256] = "";
	Elf64_Phdr segment;
	Elf64_Ehdr head;
	int fd;

	snprintf(link, sizeof(link), "/proc/%d/exe", aim->target);
	if (readlink(link, program, sizeof(program) - 1) < 0)
		cannot_try("the program's file is not known");
	fd = open(program, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &head, sizeof(head)) != sizeof(head) || head.e_type != ET_EXEC)
		cannot_try("the program is not always at the same place");
	for (int n = 0; n < head.e_phnum; n++) {
		off_t at = (off_t)(head.e_phoff + (unsigned long)n * sizeof(segment));

		if (pread(fd, &segment, sizeof(segment), at) != sizeof(segment))
			break;
		if (segment.p_type != PT_LOAD)
			continue;
		start = segment.p_vaddr & ~(page - 1);
		end = (segment.p_vaddr + segment.p_filesz + page - 1) & ~(page - 1);
		snprintf(path, 512, "/proc/%d/map_files/%lx-%lx", aim->target, start, end);
		close(fd);
		return;
	}
	cannot_try("the program has no segment");
}

static void mapped_file(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[512], head[4];
	int fd;

	(void)road;
	first_mapping(aim, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		refused(out, errno);
	else if (pread(fd, head, sizeof(head), 0) != sizeof(head))
		cannot_try("opened, but it cannot be read");
	else
		succeeded(out, head + 1, sizeof(head) - 1);
}

#define ROAD(NAME, ATTEMPT, OPEN, TASK) { .name = NAME, .live = 1, .attempt = ATTEMPT, .open = OPEN, .in_task = TASK }

static const struct road roads[] = {
	ROAD("default", read_link, open_plain, 0),
	ROAD("task", read_link, open_plain, 1),
	ROAD("second_procfs", read_link, open_second_procfs, 0),
	ROAD("compat", read_link, open_compat, 0),
	ROAD("thread_of_attacker", read_link, open_in_thread, 0),
	ROAD("io_uring", read_link, open_io_uring, 0),
	ROAD("io_uring_async", read_link, open_io_uring_async, 0),
	ROAD("opath", path_only, NULL, 0),
	ROAD("openat", from_directory, NULL, 0),
	ROAD("truncate", cut_short, NULL, 0),
	ROAD("map_files", mapped_file, NULL, 0),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "proc_fd", roads, COUNT(roads));
}
