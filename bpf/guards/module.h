/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* module_load: finit_module (compressed too), init_module, and the kernel asking for a module by name. */
#ifndef CT_GUARD_MODULE_H
#define CT_GUARD_MODULE_H

#include "procfs.h"

static __always_inline bool reads_module(__u32 id)
{
	if (id == bpf_core_enum_value(enum kernel_read_file_id, READING_MODULE))
		return true;
	/* 7.x gave compressed modules an id of their own. */
	return bpf_core_enum_value_exists(enum kernel_read_file_id___compressed, READING_MODULE_COMPRESSED) &&
	       id == bpf_core_enum_value(enum kernel_read_file_id___compressed, READING_MODULE_COMPRESSED);
}

static __always_inline void guard_module_file(struct file *file, __u32 id, struct ct_attempt *attempt)
{
	if (!reads_module(id))
		return;
	attempt->vector = CT_VECTOR_MODULE_LOAD;
	attempt->arg[0] = CT_MODULE_ROAD_FINIT;
	attempt->name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
}

static __always_inline void guard_module_buffer(__u32 id, struct ct_attempt *attempt)
{
	if (id != bpf_core_enum_value(enum kernel_load_data_id, LOADING_MODULE))
		return;
	attempt->vector = CT_VECTOR_MODULE_LOAD;
	attempt->arg[0] = CT_MODULE_ROAD_INIT;
}

/*
 * What ss and its like make the kernel ask for, "net-pf-16-proto-4-type-…", and what each mount of a bpffs does, ours
 * for the canary too, "bpf_preload": passed on, because mostly there is no such module. Where there is one, modprobe is
 * refused when it loads it. A name that cannot be read is not one of these.
 */
static __always_inline bool is_everyday(const char *name)
{
	char start[24] = {};
	__u64 low, middle, preload;

	bpf_probe_read_kernel_str(start, sizeof(start), name);
	__builtin_memcpy(&low, "net-pf-1", 8);
	__builtin_memcpy(&middle, "6-proto-", 8);
	__builtin_memcpy(&preload, "bpf_prel", 8);
	if (*(__u64 *)&start[0] == preload)
		return start[8] == 'o' && start[9] == 'a' && start[10] == 'd' && start[11] == '\0';
	return *(__u64 *)&start[0] == low && *(__u64 *)&start[8] == middle && start[16] == '4' && start[17] == '-';
}

/* Only where it is refused: else the module that comes of it is judged, and told of, when modprobe loads it. */
static __always_inline void guard_module_request(const char *name, struct ct_attempt *attempt)
{
	struct ct_scope *me = scope_of(current_leader());

	if (mode_of(CT_VECTOR_MODULE_LOAD, 0) != CT_MODE_ENFORCE && !(me && me->role & CT_ROLE_PROBER))
		return;
	if (is_everyday(name))
		return;
	attempt->vector = CT_VECTOR_MODULE_LOAD;
	attempt->arg[0] = CT_MODULE_ROAD_REQUEST;
	/* A protected process may have made it of a secret. */
	attempt->name = me ? NULL : name;
}

#endif
