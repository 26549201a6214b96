/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every map, once. Weak, because each door is an object of its own and bpftool links them into one.
 * Beside each stands what happens when it fails.
 */
#ifndef CT_MAPS_H
#define CT_MAPS_H

#include "door.h"

#define CT_SCOPE_MAX	32768
#define CT_FILTER_SLOTS 32768
#define CT_OPENED_MAX	2048
#define CT_SINKS_MAX	16384
#define CT_CGROUPS_MAX	8192
/* A power of two: slot by the lowest bits of the workload's number. */
#define CT_SHARES     16384
#define CT_RING_BYTES (512 * 1024)
/* Of one bank. */
#define CT_ALLOW_MAX	  10240
#define CT_GROUP_POLICIES 1024

/* Who is protected. No room, or none for this workload: the fork of a protected process is refused (EAGAIN). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CT_SCOPE_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct ct_scope);
} scope __weak SEC(".maps");

/* How many entries of `scope` fall into each slot; 0 answers "not protected" in a dozen instructions. Cannot fail. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CT_FILTER_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} scope_filter __weak SEC(".maps");

/* [0]: protected processes, canaries left out. Cannot fail. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} scope_count __weak SEC(".maps");

/* How much of `scope` each workload takes: see struct ct_share. Cannot fail. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CT_SHARES);
	__type(key, __u32);
	__type(value, struct ct_share);
} shares __weak SEC(".maps");

/*
 * Control groups whose members are protected. No room: user space refuses to protect that one. An entry that is left
 * of a group that is gone matches nobody.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CT_CGROUPS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct ct_cgroup);
} cgroups __weak SEC(".maps");

/* [0]: not 0 as long as `cgroups` may hold something. A missing entry (impossible in an array): it does. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} cgroups_any __weak SEC(".maps");

/*
 * By which immediate a finished program calls what reads memory at any address, of users or of the kernel, or sends
 * signals: from the kernel's own symbols, and from the canary's program. Full, or an entry missing: such a call is not
 * seen, and user space says which it does not know.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, __s32);
	__type(value, __u32);
} readers __weak SEC(".maps");

/* The oldest is forgotten when it is full: then the next look takes that one in again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct ct_released);
} released __weak SEC(".maps");

/* Filled by the census. No room: it can be entered by its file, and user space says so; what is there stands. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ct_namespace);
} namespaces __weak SEC(".maps");

/* Which bank of the policy holds. A missing entry (impossible in an array) means enforce. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ct_policy_head);
} policy_head __weak SEC(".maps");

/* Mode and response per vector. A missing entry (impossible in an array) means enforce. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * CT_VECTOR_MAX);
	__type(key, __u32);
	__type(value, struct ct_policy);
} policy __weak SEC(".maps");

/* Rules of single workloads. No room: user space refuses the whole policy, and the one before holds. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * CT_GROUP_POLICIES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ct_group_key);
	__type(value, struct ct_group_policy);
} group_policy __weak SEC(".maps");

/*
 * What doors are told beside the policy. A missing entry (cannot: array): the node's guards stand, and what was allowed
 * is told. An update that fails: what was told before holds, and the start or the load of the configuration fails.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ct_settings);
} settings __weak SEC(".maps");

/* Who may loosen protection, kept for the next agent as long as the guards stand. No door reads it; an agent that
 * cannot read it does not start. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ct_authority);
} authority __weak SEC(".maps");

/* Who may, in both banks. No entry: not allowed. No room: as for group_policy. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * CT_ALLOW_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ct_allow_key);
	__type(value, struct ct_allow);
} allowed __weak SEC(".maps");

/* Attempts that are folded. Full: the attempt is not folded and makes an event of its own. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ct_repeat_key);
	__type(value, struct ct_repeat);
} repeats __weak SEC(".maps");

/*
 * Device numbers that only user space can find out. No entry, or none yet: not guarded by number. No room: an agent
 * does not start, one that runs says so at each of its looks; what was written stands.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ct_device_key);
	__type(value, __u32);
} devices __weak SEC(".maps");

/* Full: the event is lost and counted in `losses`, the verdict stands. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CT_RING_BYTES);
} events __weak SEC(".maps");

/* Index: vector * CT_OUTCOME_MAX + outcome. Counted whatever happens to the ring; as exact as count(). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CT_VECTOR_MAX *CT_OUTCOME_MAX);
	__type(key, __u32);
	__type(value, __u64);
} outcomes __weak SEC(".maps");

/* Index: enum ct_loss. As exact as count(): what was lost may be more than is told, and no verdict rests on it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CT_LOSS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} losses __weak SEC(".maps");

/*
 * Index: enum ct_door. Times that a door acted on the agent's own canary: the proof that the kernel calls it. A count
 * that is lost: the door is not proved, until the next round.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CT_DOOR_MAX);
	__type(key, __u32);
	__type(value, __u64);
} proofs __weak SEC(".maps");

struct ct_opened {
	__u64 leader;	  /* who opened it */
	__u64 started_ns; /* its start: the address alone may be somebody else's by now */
	__u32 vector;
	__u32 pad;
};

/* Who is the agent. A missing entry (cannot: array): nobody is. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ct_agent);
} agent __weak SEC(".maps");

/* Directories of pins. No entry: the pins in that directory can be removed. No room: as in devices. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct ct_pinned_key);
	__type(value, __u32);
} pinned __weak SEC(".maps");

/*
 * Ids of the links of the doors. No entry: that link can be had by its id, which lets nobody do anything with it. No
 * room: as in devices.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u32);
} own_links __weak SEC(".maps");

/*
 * Ids of further maps of the agent: of the leaks object, and those that doors lead on by. Written before they hold
 * anything. No entry: that map can be had by its id or pin. No room: the secret that they are for is refused, or as in
 * devices.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} own_maps __weak SEC(".maps");

/*
 * What user space asks of the census, which answers by what it writes, and here by how much it changed. A missing entry
 * (cannot: array): nothing is changed. An update that fails: nobody is asked, and user space says so.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ct_census_request);
} census_request __weak SEC(".maps");

/* Open files by address. Full: the oldest is forgotten; its next use is judged as if it were stale. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CT_OPENED_MAX);
	__type(key, __u64);
	__type(value, struct ct_opened);
} opened __weak SEC(".maps");

/*
 * Where secrets and workloads may send to: see abi_leak.h. No entry: nowhere. No room: user space refuses the whole
 * policy, and the one before holds.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, CT_SINKS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ct_leak_sink_key);
	__type(value, __u32);
} leak_sinks __weak SEC(".maps");

/* A counter that cannot be found (cannot: arrays) is not counted; no verdict rests on it. */
static __always_inline void count(void *map, __u32 index)
{
	__u64 *n = bpf_map_lookup_elem(map, &index);

	if (n)
		__sync_fetch_and_add(n, 1); /* per CPU, but a program may be preempted by another in the midst of it */
}

#endif
