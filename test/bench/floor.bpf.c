/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Empty programs at the hooks that everybody passes: what a door costs before it does anything. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FLOOR(hook)                                                                                                    \
	SEC("lsm/" #hook) int floor_##hook(void *ctx)                                                                  \
	{                                                                                                              \
		(void)ctx;                                                                                             \
		return 0;                                                                                              \
	}

FLOOR(file_open)
FLOOR(file_permission)
FLOOR(socket_sendmsg)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
