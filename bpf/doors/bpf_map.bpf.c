/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A descriptor of a map is about to be made: by its id, by a pin, or because the map is new. */
#include "../guards/bpf_tamper.h"

DOOR(bpf_map, struct bpf_map *map)
{
	struct ct_attempt attempt = { .door = CT_DOOR_BPF_MAP };
	__u64 address = address_of(map);

	guard_object(ct_is_own_map(address), (const void *)(address + bpf_core_field_offset(struct bpf_map, name)),
		     &attempt);
	return decide(&attempt);
}
