/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Asked before the kernel lends out its ports, its PCI configuration and the like, whether or not it is locked down.
 * Tracing tools and debugfs pass here often, so a reason that nobody guards costs a few comparisons.
 */
#include "../guards/bpf_load.h"
#include "../guards/machine.h"

DOOR(locked_down, __u32 what)
{
	struct ct_attempt attempt = { .door = CT_DOOR_LOCKED_DOWN };

	guard_machine(what, &attempt);
	guard_bpf_read(what, &attempt);
	return decide(&attempt);
}
