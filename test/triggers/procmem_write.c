// SPDX-License-Identifier: Apache-2.0
/*
 * A marker written into the target's scratch area (--address) through /proc/P/mem; or into the code of a protected
 * child, by way of the file from which that is mapped.
 */
#define _GNU_SOURCE
#include "protect.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_memory(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static const char marker[] = "overwritten by procmem_write";
	char path[128];
	ssize_t done;
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = road->open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	done = pwrite(fd, marker, sizeof(marker), (off_t)(aim->scratch ? aim->scratch : aim->address));
	if (done == (ssize_t)sizeof(marker))
		succeeded(out, marker, sizeof(marker) - 1);
	else
		refused(out, done < 0 ? errno : EIO);
	close(fd);
}

#define CODE_SIZE 4096

static const char changed[] = "code changed in place";

/* Maps the file as a loader does, says so, and shows what it has there when it is asked. */
static void run_code(const char *path, int told, int asked)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), byte;

	if (code == MAP_FAILED || write(told, code, 1) != 1)
		_exit(1);
	if (read(asked, &byte, 1) == 1 && write(told, code, sizeof(changed)) < 0)
		_exit(1);
	_exit(0);
}

static void write_code(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[64], page[CODE_SIZE] = "", seen[sizeof(changed)] = "";
	int told[2], asked[2], fd;
	pid_t child;

	snprintf(path, sizeof(path), "/run/code-%d", getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	if (fd < 0 || write(fd, page, sizeof(page)) != (ssize_t)sizeof(page) || pipe(told) || pipe(asked))
		cannot_try("no file of code");
	close(fd);
	child = fork();
	if (child < 0)
		cannot_try("no child");
	if (child == 0)
		run_code(path, told[1], asked[0]);
	if (read(told[0], seen, 1) != 1)
		cannot_try("the child cannot map its code");
	protect(aim, child);
	fd = road->open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
	} else {
		if (write(fd, changed, sizeof(changed)) < 0 || write(asked[1], "", 1) != 1 ||
		    read(told[0], seen, sizeof(seen)) <= 0)
			cannot_try("the code cannot be looked at");
		if (memcmp(seen, changed, sizeof(changed)))
			refused(out, EIO);
		else
			succeeded(out, changed, sizeof(changed) - 1);
		close(fd);
	}
	unlink(path);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

#define CODE(NAME, OPEN) { .not_live = "it changes a file", .name = NAME, .attempt = write_code, .open = OPEN }
#define ROAD(NAME, OPEN, TASK)                                                                                         \
	{ .name = NAME, .live = 1, .attempt = write_memory, .open = OPEN, .file = "mem", .in_task = TASK }

static const struct road roads[] = {
	ROAD("default", open_plain, 0),
	ROAD("task", open_plain, 1),
	ROAD("second_procfs", open_second_procfs, 0),
	ROAD("compat", open_compat, 0),
	ROAD("io_uring_async", open_io_uring_async, 0),
	CODE("code_in_file", open_plain),
	CODE("code_in_file_compat", open_compat),
	CODE("code_in_file_io_uring_async", open_io_uring_async),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "procmem_write", roads, COUNT(roads));
}
