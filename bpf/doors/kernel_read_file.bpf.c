/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* finit_module() and kexec_file_load() read their files through here, before a byte is used; firmware too. */
#include "../guards/kexec.h"
#include "../guards/module.h"

DOOR(kernel_read_file, struct file *file, __u32 id)
{
	struct ct_attempt attempt = { .door = CT_DOOR_KERNEL_READ_FILE };

	guard_module_file(file, id, &attempt);
	guard_kexec_file(file, id, &attempt);
	return decide(&attempt);
}
