/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which BPF objects are the agent's. A map is, if it is one of those that this very program uses: its address was put
 * into the instructions at load, so there is no list that could go stale; what this program does not use is known by
 * the ids that the agent wrote down. A program is, if it uses one of them, whatever else it uses; a link, if its
 * program is. Somebody else's program that uses a map of ours is taken for ours too: nobody else gets a descriptor of
 * it.
 */
#ifndef CT_OWN_H
#define CT_OWN_H

#include "local_maps.h"
#include "maps.h"
#include "task.h"
#include "vmlinux_rare.h"

#define MOST_USED_MAPS 64 /* of one program: the kernel's own limit */

/* A branch each: the compiler would gather the answers first, and the verifier follow every mixture of them. */
#define IS(map)                                                                                                        \
	({                                                                                                             \
		asm volatile("");                                                                                      \
		address == (__u64) & (map);                                                                            \
	})

/* Global functions, as in allow.h. test/contract holds this list and the maps together. */
__weak __noinline int ct_is_own_map(__u64 address)
{
	__u32 id;

	if (IS(scope) || IS(scope_filter) || IS(scope_count) || IS(shares) || IS(namespaces) || IS(policy_head) ||
	    IS(policy) || IS(group_policy) || IS(settings) || IS(authority) || IS(allowed) || IS(repeats) ||
	    IS(devices) || IS(events) || IS(outcomes) || IS(losses) || IS(proofs) || IS(agent) || IS(pinned) ||
	    IS(own_links) || IS(census_request) || IS(opened) || IS(leak_sinks) || IS(own_maps) || IS(cgroups) ||
	    IS(cgroups_any) || IS(released) || IS(readers) || IS(judged_loads) || IS(last_setns))
		return true;
	id = BPF_CORE_READ((struct bpf_map *)address, id);
	return bpf_map_lookup_elem(&own_maps, &id) != NULL;
}

__weak __noinline int ct_is_own_program(__u64 address)
{
	struct bpf_prog_aux *aux = BPF_CORE_READ((struct bpf_prog *)address, aux);
	struct bpf_map **maps, *map = NULL;
	__u32 count;

	/* Of a program alone it leads back. */
	if ((__u64)BPF_CORE_READ(aux, prog) != address)
		return false;
	maps = BPF_CORE_READ(aux, used_maps);
	count = BPF_CORE_READ(aux, used_map_cnt);
	for (__u32 i = 0; i < MOST_USED_MAPS; i++) {
		if (i >= count)
			break;
		/* What cannot be read is NULL, which is no map of ours: the kernel's own list can be. */
		bpf_probe_read_kernel(&map, sizeof(map), maps + i);
		if (ct_is_own_map((__u64)map))
			return true;
	}
	return false;
}

/*
 * By a descriptor of the current task. Behind it may be any of the three, or something else: what is read of a wrong
 * type is no address of ours.
 */
__weak __noinline int ct_is_own_descriptor(__u32 descriptor)
{
	struct file *file = file_of_descriptor(descriptor);
	__u64 address = file ? (__u64)BPF_CORE_READ(file, private_data) : 0;

	return address && (ct_is_own_map(address) || ct_is_own_program(address) ||
			   ct_is_own_program((__u64)BPF_CORE_READ((struct bpf_link *)address, prog)));
}

#endif
