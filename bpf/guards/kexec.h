/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kexec: a kernel of the attacker's own, which finds all memory as it was. kexec_file_load reads the image through
 * the one hook, kexec_load announces its segments at the other. The image alone is looked at: without it there is
 * nothing to boot, and the initrd would be a second report.
 */
#ifndef CT_GUARD_KEXEC_H
#define CT_GUARD_KEXEC_H

#include "../verdict.h"

static __always_inline void guard_kexec_file(struct file *file, __u32 id, struct ct_attempt *attempt)
{
	if (id != bpf_core_enum_value(enum kernel_read_file_id, READING_KEXEC_IMAGE))
		return;
	attempt->vector = CT_VECTOR_KEXEC;
	attempt->name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
}

static __always_inline void guard_kexec_segments(__u32 id, struct ct_attempt *attempt)
{
	if (id == bpf_core_enum_value(enum kernel_load_data_id, LOADING_KEXEC_IMAGE))
		attempt->vector = CT_VECTOR_KEXEC;
}

#endif
