/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A descriptor of a map is about to be made: by its id, by a pin, or because the map is new. */
#include "../guards/bpf_tamper.h"

DOOR(bpf_map, struct bpf_map *map)
{
	struct ct_attempt attempt = { .door = CT_DOOR_BPF_MAP };

	guard_object(is_own_map(address_of(map)), (const void *)map->name, &attempt);
	return decide(&attempt);
}
