/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel is about to start modprobe for the current task (an unknown socket family, file system, device number).
 * The caller sees its ordinary errno, never EPERM: the event is the only trace.
 */
#include "../guards/module.h"

DOOR(kernel_module_request, char *name)
{
	struct ct_attempt attempt = { .door = CT_DOOR_KERNEL_MODULE_REQUEST };

	guard_module_request(name, &attempt);
	return decide(&attempt);
}
