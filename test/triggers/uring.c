// SPDX-License-Identifier: Apache-2.0
/* Opening and reading a file through io_uring, by raw system calls: inline, or forced into a kernel worker. */
#define _GNU_SOURCE
#include "uring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *map_ring(int ring, size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);
}

static int setup(struct io_uring_params *params, int compat)
{
	struct io_uring_params *low;
	long ring;

	if (!compat)
		return (int)syscall(SYS_io_uring_setup, 1, params);
	low = low_memory(sizeof(*low));
	*low = *params;
	ring = compat_syscall(SYS_io_uring_setup, 1, (unsigned long)low, 0, 0, 0);
	*params = *low;
	if (ring < 0)
		errno = (int)-ring;
	return (int)ring;
}

int try_ring(const struct io_uring_sqe *wanted, unsigned int flags, int compat, int *result)
{
	unsigned int head, tail, wakeup = flags & IORING_SETUP_SQPOLL ? IORING_ENTER_SQ_WAKEUP : 0;
	struct io_uring_params params = { .flags = flags };
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	unsigned char *sq, *cq;
	int ring;

	ring = setup(&params, compat);
	if (ring < 0)
		return errno;
	sq = map_ring(ring, params.sq_off.array + params.sq_entries * sizeof(unsigned int), IORING_OFF_SQ_RING);
	if (sq == MAP_FAILED)
		return errno;
	cq = map_ring(ring, params.cq_off.cqes + params.cq_entries * sizeof(*cqe), IORING_OFF_CQ_RING);
	sqe = map_ring(ring, params.sq_entries * sizeof(*sqe), IORING_OFF_SQES);
	if (cq == MAP_FAILED || sqe == MAP_FAILED)
		return errno;

	*sqe = *wanted;
	tail = *(unsigned int *)(sq + params.sq_off.tail);
	*(unsigned int *)(sq + params.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(sq + params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);

	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS | wakeup, NULL, 0) < 0)
		return errno;
	head = *(unsigned int *)(cq + params.cq_off.head);
	if (__atomic_load_n((unsigned int *)(cq + params.cq_off.tail), __ATOMIC_ACQUIRE) == head)
		return ENODATA;
	cqe = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
	*result = cqe[head & (params.cq_entries - 1)].res;
	close(ring);
	return 0;
}

static int through_ring(const struct io_uring_sqe *wanted)
{
	int result = 0;

	errno = try_ring(wanted, 0, 0, &result);
	if (errno)
		cannot_try("no io_uring");
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

int unlink_io_uring(const char *path)
{
	const struct io_uring_sqe wanted = { .opcode = IORING_OP_UNLINKAT,
					     .fd = AT_FDCWD,
					     .addr = (unsigned long)path };

	return through_ring(&wanted);
}
