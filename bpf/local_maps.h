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

/* Forgets the oldest when it is full: then an observed setns() may be reported twice. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u64);
} last_setns __weak SEC(".maps");

#endif
