// SPDX-License-Identifier: Apache-2.0
/* Something new beside the pins of the agent. */
#define _GNU_SOURCE
#include "pin_add.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects.h"
#include "uring.h"

static long by_io_uring(const char *path)
{
	const struct io_uring_sqe wanted = {
		.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .addr = (unsigned long)path, .len = 0700
	};
	int result = 0;

	errno = try_ring(&wanted, 0, 0, &result);
	if (errno)
		cannot_try("no io_uring");
	if (result == -EINVAL)
		cannot_try("io_uring of this kernel makes no directories");
	return result;
}

static long pin_new(const char *path, int compat)
{
	union bpf_attr *attr = low_memory(4096);
	char *low = (char *)attr + 2048;

	strcpy(low, path);
	attr->pathname = (unsigned long)low;
	attr->bpf_fd = (unsigned int)make_map(BPF_MAP_TYPE_HASH, 4, 16);
	return bpf_call(compat, BPF_OBJ_PIN, attr, sizeof(*attr));
}

long put_beside(const char *path, const char *from, int kind, int compat)
{
	char *low = low_memory(4096);

	strcpy(low, path);
	switch (kind) {
	case ADD_SYMLINK: return symlink("/etc", path) ? -errno : 0;
	case ADD_LINK: return link(from, path) ? -errno : 0;
	case ADD_PIN: return pin_new(path, compat);
	case ADD_BY_IO_URING: return by_io_uring(path);
	default: break;
	}
	if (compat)
		return compat_syscall(39, (unsigned long)low, 0700, 0, 0, 0);
	return mkdir(path, 0700) ? -errno : 0;
}
