/* SPDX-License-Identifier: Apache-2.0 */
/* process_vm_readv and process_vm_writev by one hand; numbers of both system call tables. */
#ifndef CT_CROSSMEM_H
#define CT_CROSSMEM_H

#include "trigger.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Returns bytes moved or a negative errno. */
static inline long cross_native(long number, pid_t who, void *local, unsigned long remote, size_t length)
{
	struct iovec here = { local, length };
	struct iovec there = { (void *)remote, length };
	long result = syscall(number, who, &here, 1, &there, 1, 0);

	return result < 0 ? -errno : result;
}

static inline long cross_compat(long number, pid_t who, void *local, unsigned long remote, size_t length)
{
	struct {
		uint32_t base, length;
	} *vectors = low_memory(4096);

	errno = ERANGE;
	if (remote > UINT32_MAX)
		cannot_try("--address is beyond the reach of a 32-bit system call");
	vectors[0].base = (uint32_t)(uintptr_t)local;
	vectors[1].base = (uint32_t)remote;
	vectors[0].length = vectors[1].length = (uint32_t)length;
	return compat_syscall(number, (unsigned long)who, (unsigned long)&vectors[0], 1, (unsigned long)&vectors[1], 1);
}

#endif
