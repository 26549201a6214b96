/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which BPF objects are the agent's. A map is, if it is one of those that this very program uses: its address was put
 * into the instructions at load, so there is no list that could go stale; what this program does not use is known by
 * the ids that the agent wrote down. A program is, if the first map it uses is; a link, if its program is. Nobody
 * else's program can use a map of ours.
 */
#ifndef CT_OWN_H
#define CT_OWN_H

#include "local_maps.h"
#include "maps.h"
#include "vmlinux_rare.h"

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
	    IS(cgroups_any) || IS(released) || IS(judged_loads) || IS(user_readers) || IS(last_setns))
		return true;
	id = BPF_CORE_READ((struct bpf_map *)address, id);
	return bpf_map_lookup_elem(&own_maps, &id) != NULL;
}

__weak __noinline int ct_is_own_program(__u64 address)
{
	struct bpf_map **maps = BPF_CORE_READ((struct bpf_prog *)address, aux, used_maps), *first = NULL;

	bpf_probe_read_kernel(&first, sizeof(first), maps);
	return first && ct_is_own_map((__u64)first);
}

/* Behind a descriptor may be any of the three, or something else: what is read of a wrong type is no address of ours.
 */
static __always_inline bool is_own_object(__u64 address)
{
	return address && (ct_is_own_map(address) || ct_is_own_program(address) ||
			   ct_is_own_program((__u64)BPF_CORE_READ((struct bpf_link *)address, prog)));
}

#endif
