// SPDX-License-Identifier: Apache-2.0
/*
 * What the prober may, by the kernel itself: what /proc shows of it, root may have covered, and a door that cannot be
 * tried for want of a capability may be taken for a whole one.
 */
#define _GNU_SOURCE
#include "capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

int capabilities(pid_t victim)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	(void)victim;
	if (syscall(SYS_capget, &head, sets))
		return -errno;
	return (int)(sets[0].effective & 0x7fffffff);
}
