/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* init_module() and kexec_load() pass here with their data still in user space; kernel_read_file does not see them. */
#include "../guards/kexec.h"
#include "../guards/module.h"

DOOR(kernel_load_data, __u32 id)
{
	struct ct_attempt attempt = { .door = CT_DOOR_KERNEL_LOAD_DATA };

	guard_module_buffer(id, &attempt);
	guard_kexec_segments(id, &attempt);
	return decide(&attempt);
}
