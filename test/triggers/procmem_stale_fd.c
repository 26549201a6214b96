// SPDX-License-Identifier: Apache-2.0
/*
 * The target's memory and environment through descriptors that were opened before it was protected and came over a unix
 * socket; the road is what is done with them.
 */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads the secret; returns its length or a negative errno. */
typedef ssize_t (*reader)(int fd, void *buffer, size_t size, off_t offset);

static ssize_t by_pread(int fd, void *buffer, size_t size, off_t offset)
{
	return pread(fd, buffer, size, offset);
}

static ssize_t by_read(int fd, void *buffer, size_t size, off_t offset)
{
	/* The position is shared with the holder, and all of us take turns. */
	if (lseek(fd, offset, SEEK_SET) != offset)
		cannot_try("no position");
	return read(fd, buffer, size);
}

static ssize_t by_preadv2(int fd, void *buffer, size_t size, off_t offset)
{
	struct iovec vector = { buffer, size };

	return preadv2(fd, &vector, 1, offset, 0);
}

static ssize_t by_compat(int fd, void *buffer, size_t size, off_t offset)
{
	char *low = low_memory(4096);
	long got = compat_syscall(180 /* pread64 */, (unsigned long)fd, (unsigned long)low, size,
				  (unsigned long)offset & 0xffffffff, (unsigned long)offset >> 32);

	if (got > 0)
		memcpy(buffer, low, (size_t)got);
	errno = got < 0 ? (int)-got : 0;
	return got < 0 ? -1 : got;
}

static ssize_t by_ring(int fd, void *buffer, size_t size, off_t offset)
{
	int got = read_io_uring(fd, buffer, size, offset, 0);

	errno = got < 0 ? -got : 0;
	return got;
}

static ssize_t by_ring_worker(int fd, void *buffer, size_t size, off_t offset)
{
	int got = read_io_uring(fd, buffer, size, offset, 1);

	errno = got < 0 ? -got : 0;
	return got;
}

/* A child has it by inheritance and goes on in our place. */
static ssize_t by_child(int fd, void *buffer, size_t size, off_t offset)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		cannot_try("fork failed");
	if (child == 0)
		return pread(fd, buffer, size, offset);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		cannot_try("the child did not finish");
	_exit(WEXITSTATUS(status));
}

struct order {
	int fd, error;
	void *buffer;
	size_t size;
	off_t offset;
	ssize_t got;
};

static void *read_as_ordered(void *argument)
{
	struct order *order = argument;

	order->got = pread(order->fd, order->buffer, order->size, order->offset);
	order->error = errno;
	return NULL;
}

static ssize_t by_thread(int fd, void *buffer, size_t size, off_t offset)
{
	struct order order = { .fd = fd, .buffer = buffer, .size = size, .offset = offset };
	pthread_t thread;

	if (pthread_create(&thread, NULL, read_as_ordered, &order))
		cannot_try("no second thread");
	pthread_join(thread, NULL);
	errno = order.error;
	return order.got;
}

static const reader readers[] = {
	by_pread, by_read, by_preadv2, by_compat, by_ring, by_ring_worker, by_child, by_thread
};

static void read_memory(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[64], secret[256];
	ssize_t got;
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = open_held(path, 0);
	got = readers[road->number](fd, secret, aim->length, (off_t)aim->address);
	if (got > 0)
		succeeded(out, secret, (size_t)got);
	else
		refused(out, got < 0 ? errno : ENODATA);
}

/* Between the victim's secret and its scratch area, where nothing lies. */
static void write_memory(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char path[64];
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = open_held(path, 0);
	if (pwrite(fd, "x", 1, (off_t)aim->address + 1024) == 1)
		succeeded(out, "written", 7);
	else
		refused(out, errno);
}

static void read_environment(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static const char wanted[] = "VICTIM_TOKEN=";
	static char text[65536];
	char path[64], *found;
	ssize_t got;
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = open_held(path, 0);
	got = pread(fd, text, sizeof(text) - 1, 0);
	found = got > 0 ? memmem(text, (size_t)got, wanted, sizeof(wanted) - 1) : NULL;
	if (found)
		succeeded(out, found + sizeof(wanted) - 1, strlen(found + sizeof(wanted) - 1));
	else
		refused(out, got < 0 ? errno : ENODATA);
}

#define READ(NAME, NUMBER) { .name = NAME, .live = 1, .attempt = read_memory, .file = "mem", .number = NUMBER }

static const struct road roads[] = {
	READ("default", 0),
	READ("read", 1),
	READ("preadv2", 2),
	READ("compat", 3),
	READ("io_uring", 4),
	READ("io_uring_async", 5),
	READ("inherited", 6),
	READ("thread_of_attacker", 7),
	{ .name = "thread_gone", .live = 1, .attempt = read_memory, .file = "task/gone/mem", .number = 0 },
	{ .name = "write", .live = 1, .attempt = write_memory, .file = "mem" },
	{ .name = "environ", .live = 1, .attempt = read_environment, .file = "environ" },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "procmem_stale_fd", roads, COUNT(roads));
}
