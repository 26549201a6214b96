/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Maps of the leaks object alone. The agent writes their numbers into "own_maps" before they hold anything.
 * Beside each stands what happens when it fails; layouts are in abi_leak.h.
 */
#ifndef CT_LEAK_MAPS_H
#define CT_LEAK_MAPS_H

#include "../leak_hash.h"
#include "../maps.h"

/* Of forms. No room: user space refuses the whole secret. */
#define CT_LEAK_ANCHORS_MAX 65536
#define CT_LEAK_SECRETS_MAX 8192

struct ct_leak_windows {
	__u8 bits[1 << (CT_LEAK_WINDOW_BITS - 3)];
};

struct ct_leak_anchor_bits {
	__u8 bits[1 << (CT_LEAK_ANCHOR_BITS - 3)];
};

#define BPF_F_MMAPABLE (1U << 10)

/*
 * Key, limits, and whose acts are looked at how closely. Of this and of the two that follow the one entry cannot be
 * missing (arrays); if it were, nothing would be found. An update that fails: the secret is refused.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ct_leak_head);
} leak_head __weak SEC(".maps");

/*
 * Every window of every form. The agent sets single bits through a mapping, before the form counts. A bit that is not
 * set: the form is not found by that window. Too many that are: user space refuses the whole secret.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct ct_leak_windows);
} leak_windows __weak SEC(".maps");

/* Likewise of the windows that are anchors. A bit that is not set: that form is not found. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct ct_leak_anchor_bits);
} leak_anchor_bits __weak SEC(".maps");

/* No entry: that form is not known. No room: user space refuses the whole secret. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CT_LEAK_ANCHORS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ct_leak_anchor_key);
	__type(value, struct ct_leak_anchor);
} leak_anchors __weak SEC(".maps");

/* No entry: the secret was removed, its forms mean nothing. No room: as in leak_anchors. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CT_LEAK_SECRETS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ct_leak_secret);
} leak_secrets __weak SEC(".maps");

/* No entry: that file is not allowed. No room: as in leak_anchors. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CT_LEAK_SECRETS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ct_leak_file_key);
	__type(value, __u32);
} leak_sink_files __weak SEC(".maps");

static __always_inline struct ct_leak_head *leak_head_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&leak_head, &zero);
}

#endif
