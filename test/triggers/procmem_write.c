// SPDX-License-Identifier: Apache-2.0
/*
 * A marker written into the target's scratch area (--address) through /proc/P/mem; or into the code of a protected
 * child, by way of the file from which that is mapped. Or that file is cut off, which ends the child as it goes on.
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

struct code {
	char path[64];
	int held; /* opened for writing before the child was protected */
	int told, asked;
	pid_t child;
};

/* A protected child that runs what is mapped from a file of its own. */
static void start_code(struct code *code, const struct aim *aim)
{
	char page[CODE_SIZE] = "", byte;
	int told[2], asked[2], fd;

	snprintf(code->path, sizeof(code->path), "/run/code-%d", getpid());
	fd = open(code->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	if (fd < 0 || write(fd, page, sizeof(page)) != (ssize_t)sizeof(page) || pipe(told) || pipe(asked))
		cannot_try("no file of code");
	code->held = fd;
	code->child = fork();
	if (code->child < 0)
		cannot_try("no child");
	if (code->child == 0) {
		close(told[0]);
		run_code(code->path, told[1], asked[0]);
	}
	close(told[1]);
	code->told = told[0];
	code->asked = asked[1];
	if (read(code->told, &byte, 1) != 1)
		cannot_try("the child cannot map its code");
	protect(aim, code->child);
}

static void end_code(struct code *code)
{
	unlink(code->path);
	kill(code->child, SIGKILL);
	waitpid(code->child, NULL, 0);
}

static void write_code(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char seen[sizeof(changed)] = "";
	struct code code;
	int fd;

	start_code(&code, aim);
	fd = road->open(code.path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
	} else {
		if (write(fd, changed, sizeof(changed)) < 0 || write(code.asked, "", 1) != 1 ||
		    read(code.told, seen, sizeof(seen)) <= 0)
			cannot_try("the code cannot be looked at");
		if (memcmp(seen, changed, sizeof(changed)))
			refused(out, EIO);
		else
			succeeded(out, changed, sizeof(changed) - 1);
		close(fd);
	}
	end_code(&code);
}

static int cut_by_path(const struct code *code)
{
	return truncate(code->path, 0) ? errno : 0;
}

static int cut_compat(const struct code *code)
{
	char *path = low_memory(sizeof(code->path));

	strcpy(path, code->path);
	return (int)-compat_syscall(92 /* truncate */, (unsigned long)path, 0, 0, 0, 0);
}

static int cut_compat_64(const struct code *code)
{
	char *path = low_memory(sizeof(code->path));

	strcpy(path, code->path);
	return (int)-compat_syscall(193 /* truncate64 */, (unsigned long)path, 0, 0, 0, 0);
}

static int cut_held(const struct code *code)
{
	return ftruncate(code->held, 0) ? errno : 0;
}

/* No descriptor to write with comes of it. */
static int cut_by(opener how, const struct code *code)
{
	int fd = how(code->path, O_RDONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return -fd;
	close(fd);
	return 0;
}

static int cut_by_open(const struct code *code)
{
	return cut_by(open_plain, code);
}

static int cut_by_open_io_uring(const struct code *code)
{
	return cut_by(open_io_uring_async, code);
}

static int (*const cuts[])(const struct code *code) = {
	cut_by_path, cut_compat, cut_compat_64, cut_held, cut_by_open, cut_by_open_io_uring,
};

static void cut_code(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct code code;
	char seen[sizeof(changed)];
	int error;

	start_code(&code, aim);
	error = cuts[road->number](&code);
	if (error) {
		refused(out, error);
	} else {
		/* Nothing is there to be shown: the child ends without a word. */
		if (write(code.asked, "", 1) != 1 || read(code.told, seen, sizeof(seen)) != 0)
			refused(out, EIO);
		else
			succeeded(out, "cut off", 7);
	}
	end_code(&code);
}

#define CUT(NAME, NUMBER) { .not_live = "it changes a file", .name = NAME, .attempt = cut_code, .number = NUMBER }
#define CODE(NAME, OPEN)  { .not_live = "it changes a file", .name = NAME, .attempt = write_code, .open = OPEN }
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
	CUT("code_cut", 0),
	CUT("code_cut_compat", 1),
	CUT("code_cut_compat_64", 2),
	CUT("code_cut_held", 3),
	CUT("code_cut_open", 4),
	CUT("code_cut_open_io_uring_async", 5),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "procmem_write", roads, COUNT(roads));
}
