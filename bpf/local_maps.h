/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps that one generation of doors has to itself: not pinned, so the next one begins with empty ones. */
#ifndef CT_LOCAL_MAPS_H
#define CT_LOCAL_MAPS_H

#include "door.h"

/* Threads whose present load has been judged at locked_down. Forgets the oldest when full: then one is told twice. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u32);
} judged_loads __weak SEC(".maps");

/* By which immediate a finished program calls what reads user memory. 0, until the canary's first proof: not known. */
struct ct_user_readers {
	__s32 call[2]; /* bpf_probe_read_user, bpf_probe_read_user_str */
};

/* [0]. A missing entry (cannot: array): such a call is not seen. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ct_user_readers);
} user_readers __weak SEC(".maps");

/* Forgets the oldest when it is full: then an observed setns() may be reported twice. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u64);
} last_setns __weak SEC(".maps");

#endif
