// SPDX-License-Identifier: Apache-2.0
/* Opening and reading a file through io_uring, by raw system calls: inline, or forced into a kernel worker. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *map_ring(int ring, size_t size, off_t offset)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);

	if (memory == MAP_FAILED)
		cannot_try("the ring cannot be mapped");
	return memory;
}

static int through_ring(const struct io_uring_sqe *wanted)
{
	struct io_uring_params params;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	unsigned char *sq, *cq;
	unsigned int head, tail;
	int ring, result;

	memset(&params, 0, sizeof(params));
	ring = (int)syscall(SYS_io_uring_setup, 1, &params);
	if (ring < 0)
		cannot_try("no io_uring");
	sq = map_ring(ring, params.sq_off.array + params.sq_entries * sizeof(unsigned int), IORING_OFF_SQ_RING);
	cq = map_ring(ring, params.cq_off.cqes + params.cq_entries * sizeof(*cqe), IORING_OFF_CQ_RING);
	sqe = map_ring(ring, params.sq_entries * sizeof(*sqe), IORING_OFF_SQES);

	*sqe = *wanted;
	tail = *(unsigned int *)(sq + params.sq_off.tail);
	*(unsigned int *)(sq + params.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(sq + params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);

	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		cannot_try("io_uring_enter failed");
	head = *(unsigned int *)(cq + params.cq_off.head);
	errno = ENODATA;
	if (__atomic_load_n((unsigned int *)(cq + params.cq_off.tail), __ATOMIC_ACQUIRE) == head)
		cannot_try("io_uring gave no completion");
	cqe = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
	result = cqe[head & (params.cq_entries - 1)].res;
	close(ring);
	return result;
}

static int open_through_ring(const char *path, int flags, unsigned char sqe_flags)
{
	const struct io_uring_sqe wanted = { .opcode = IORING_OP_OPENAT,
					     .flags = sqe_flags,
					     .fd = AT_FDCWD,
					     .addr = (unsigned long)path,
					     .open_flags = (unsigned int)flags };

	return through_ring(&wanted);
}

int read_io_uring(int fd, void *buffer, size_t size, off_t offset, int in_worker)
{
	const struct io_uring_sqe wanted = { .opcode = IORING_OP_READ,
					     .flags = in_worker ? IOSQE_ASYNC : 0,
					     .fd = fd,
					     .addr = (unsigned long)buffer,
					     .len = (unsigned int)size,
					     .off = (unsigned long)offset };

	return through_ring(&wanted);
}

int write_io_uring(int fd, const void *buffer, size_t size, int in_worker)
{
	const struct io_uring_sqe wanted = { .opcode = IORING_OP_WRITE,
					     .flags = in_worker ? IOSQE_ASYNC : 0,
					     .fd = fd,
					     .addr = (unsigned long)buffer,
					     .len = (unsigned int)size };

	return through_ring(&wanted);
}

int open_io_uring(const char *path, int flags)
{
	return open_through_ring(path, flags, 0);
}

int open_io_uring_async(const char *path, int flags)
{
	return open_through_ring(path, flags, IOSQE_ASYNC);
}
