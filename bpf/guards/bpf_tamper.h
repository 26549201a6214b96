/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpf_tamper: descriptors of the agent's maps, programs and links. Getting one is refused where the kernel shows the
 * object itself, and so is a program that was made with one from before. Using one that somebody had before in another
 * call is refused by its number, which a second thread may exchange between our look at it and the kernel's: a race
 * that is left to whoever had one before the agent began to guard.
 */
#ifndef CT_GUARD_BPF_TAMPER_H
#define CT_GUARD_BPF_TAMPER_H

#include "../own.h"
#include "../verdict.h"

#define CAP_DAC_OVERRIDE    1
#define CAP_DAC_READ_SEARCH 2
#define BPF_TRACE_ITER	    28
#define OBJECT_ATTRIBUTES   40 /* bytes of bpf_attr that hold a descriptor */
#define GIVEN		    64U
#define GIVEN_BLOCKS	    64U /* more in one batch are taken to hold one of ours */
/* Bit 55 too: above it a user address may be tagged. */
#define IN_KERNEL(address) ((address) & 1ULL << 63 && (address) & 1ULL << 55)
#define NO_DESCRIPTOR	   0xffffffff
#define PROT_EXEC	   4

/* Commands and where each has its descriptor: fixed for ever by the kernel's user ABI. */
enum {
	BPF_MAP_LOOKUP_ELEM = 1,
	BPF_MAP_UPDATE_ELEM = 2,
	BPF_MAP_GET_NEXT_KEY = 4,
	BPF_OBJ_PIN = 6,
	BPF_OBJ_GET = 7,
	BPF_PROG_ATTACH = 8,
	BPF_PROG_TEST_RUN = 10,
	BPF_PROG_GET_FD_BY_ID = 13,
	BPF_MAP_GET_FD_BY_ID = 14,
	BPF_OBJ_GET_INFO_BY_FD = 15,
	BPF_RAW_TRACEPOINT_OPEN = 17,
	BPF_MAP_LOOKUP_AND_DELETE_ELEM = 21,
	BPF_MAP_FREEZE = 22,
	BPF_MAP_LOOKUP_BATCH = 24,
	BPF_MAP_UPDATE_BATCH = 26,
	BPF_MAP_DELETE_BATCH = 27,
	BPF_LINK_UPDATE = 29,
	BPF_LINK_GET_FD_BY_ID = 30,
	BPF_ITER_CREATE = 33,
	BPF_LINK_DETACH = 34,
	BPF_PROG_BIND_MAP = 35,
};

static __always_inline bool is_prober(void)
{
	struct ct_scope *me = scope_of(current_leader());

	return me && me->role & CT_ROLE_PROBER;
}

/* Bits above these say how the attributes come (BPF_COMMON_ATTRS, 7.0), and the kernel takes them off. */
#define COMMAND_BITS 0xffff

/* The command of the bpf() call that is going on; 0 if none is. */
static __always_inline __u32 bpf_command(void)
{
	struct ct_syscall call;

	current_syscall(&call);
	if (call.nr != (call.compat ? NR32_BPF : call.nr & X32_BIT ? NR_BPF | X32_BIT : NR_BPF))
		return 0;
	return call.arg0 & COMMAND_BITS;
}

static __always_inline void tamper(__u32 road, __u32 command, const void *name, struct ct_attempt *attempt)
{
	attempt->vector = CT_VECTOR_BPF_TAMPER;
	attempt->always = true;
	attempt->arg[0] = road;
	attempt->arg[1] = command;
	attempt->name = name;
}

/*
 * A descriptor of an object is about to be made: also of a new program, by whose list of maps the kernel then shows
 * what it was made with. The canary's attacker makes one of its own, which is refused.
 */
static __always_inline void guard_object(bool own, const void *name, struct ct_attempt *attempt)
{
	__u32 command;

	if (!own && !is_prober())
		return;
	command = bpf_command();
	attempt->error = command == BPF_PROG_GET_FD_BY_ID || command == BPF_MAP_GET_FD_BY_ID ? ENOENT : 0;
	tamper(attempt->error		  ? CT_TAMPER_ROAD_BY_ID
	       : command == BPF_PROG_LOAD ? CT_TAMPER_ROAD_HELD
					  : CT_TAMPER_ROAD_PINNED,
	       command, name, attempt);
}

static __always_inline __u32 descriptor_in(int cmd, const __u32 *attributes)
{
	if ((cmd >= BPF_MAP_LOOKUP_ELEM && cmd <= BPF_MAP_GET_NEXT_KEY) || cmd == BPF_PROG_TEST_RUN ||
	    cmd == BPF_OBJ_GET_INFO_BY_FD || cmd == BPF_MAP_LOOKUP_AND_DELETE_ELEM || cmd == BPF_MAP_FREEZE ||
	    cmd == BPF_LINK_UPDATE || (cmd >= BPF_ITER_CREATE && cmd <= BPF_PROG_BIND_MAP))
		return attributes[0];
	if (cmd == BPF_PROG_ATTACH)
		return attributes[1];
	if (cmd == BPF_OBJ_PIN || cmd == BPF_RAW_TRACEPOINT_OPEN)
		return attributes[2];
	if (cmd >= BPF_MAP_LOOKUP_BATCH && cmd <= BPF_MAP_DELETE_BATCH)
		return attributes[9];
	return cmd == BPF_LINK_CREATE ? attributes[0] : NO_DESCRIPTOR;
}

/*
 * Whether one of `count` descriptors in the caller's memory is of an object of ours. A loader that is itself a program
 * has them in the kernel's. Failure direction: what cannot be read is; memory that is not there yet would be when the
 * kernel looks. A global function, as in allow.h.
 */
__weak __noinline int ct_gives_own(__u64 at, __u32 count)
{
	__u32 descriptor = NO_DESCRIPTOR;
	const void *from;

	for (__u32 i = 0; i < GIVEN; i++) {
		if (i >= count)
			break;
		from = (const void *)(at + i * sizeof(descriptor));
		if (IN_KERNEL(at) ? bpf_probe_read_kernel(&descriptor, sizeof(descriptor), from)
				  : bpf_probe_read_user(&descriptor, sizeof(descriptor), from))
			return true;
		if (ct_is_own_descriptor(descriptor))
			return true;
	}
	return false;
}

/* Loops of loops: the verifier compares each round of one with all rounds before. */
__weak __noinline int ct_batch_gives_own(__u64 at, __u32 left)
{
	for (__u32 i = 0; i < GIVEN_BLOCKS; i++) {
		if (ct_gives_own(at, left))
			return true;
		if (left <= GIVEN)
			return false;
		left -= GIVEN;
		at += GIVEN * sizeof(__u32);
	}
	return true;
}

/* Behind a descriptor: a map whose values are maps or programs, given to it by descriptors. */
static __always_inline bool holds_objects(__u32 descriptor)
{
	struct file *file = file_of_descriptor(descriptor);
	struct bpf_map *map = file ? BPF_CORE_READ(file, private_data) : NULL;
	__u32 type = map ? BPF_CORE_READ(map, map_type) : 0;

	return type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	       type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/*
 * Whether the object that a call is about is given one of ours: the kernel shows no hook what a map or a program takes
 * in. A program made thereafter shows the map that it uses, not what lies in it. What is not looked at is the map by
 * which a map of maps is made: it lends its shape alone.
 */
static __always_inline bool gives_own(int cmd, const __u32 *attributes)
{
	__u64 info = attributes[4] | (__u64)attributes[5] << 32, batch = attributes[6] | (__u64)attributes[7] << 32;

	if (cmd == BPF_PROG_BIND_MAP)
		return ct_is_own_descriptor(attributes[1]);
	/* An iterator over one map. */
	if (cmd == BPF_LINK_CREATE)
		return attributes[2] == BPF_TRACE_ITER && info && ct_gives_own(info, 1);
	if (cmd == BPF_MAP_UPDATE_ELEM)
		return holds_objects(attributes[0]) && ct_gives_own(info, 1);
	if (cmd == BPF_MAP_UPDATE_BATCH)
		return holds_objects(attributes[9]) && ct_batch_gives_own(batch, attributes[8]);
	return false;
}

static __always_inline void guard_bpf_tamper(int cmd, union bpf_attr *attr, struct ct_attempt *attempt)
{
	__u32 attributes[OBJECT_ATTRIBUTES / 4] = {}, descriptor;

	if (cmd == BPF_PROG_LOAD || attempt->vector != CT_VECTOR_NONE)
		return;
	bpf_probe_read_kernel(attributes, sizeof(attributes), attr);
	if (cmd == BPF_LINK_GET_FD_BY_ID) {
		if (!bpf_map_lookup_elem(&own_links, &attributes[0]))
			return;
		tamper(CT_TAMPER_ROAD_BY_ID, cmd, NULL, attempt);
		attempt->error = ENOENT;
		return;
	}
	descriptor = descriptor_in(cmd, attributes);
	if (descriptor == NO_DESCRIPTOR)
		return;
	if (ct_is_own_descriptor(descriptor) || gives_own(cmd, attributes))
		tamper(CT_TAMPER_ROAD_HELD, cmd, NULL, attempt);
}

/* Reading the ring through a mapping takes events away, writing to it stops them; no bpf() call is made for it. */
static __always_inline void guard_map_mapping(struct file *file, struct ct_attempt *attempt)
{
	__u64 map = address_of(LOAD(file, private_data));

	if (ct_is_own_map(map))
		tamper(CT_TAMPER_ROAD_MAPPING, 0, (const void *)(map + bpf_core_field_offset(struct bpf_map, name)),
		       attempt);
	else if (is_prober())
		tamper(CT_TAMPER_ROAD_MAPPING, 0, NULL, attempt);
}

/*
 * BPF_OBJ_GET of a link shows no hook the link. So the pins of links have no permission bits, and the kernel asks for
 * a capability here before it gives one out, for root too. Asked for reading only it asks twice: for
 * CAP_DAC_READ_SEARCH first, and when that is refused for CAP_DAC_OVERRIDE, which then is the one that is told of.
 */
static __always_inline void guard_pinned_link(const struct cred *cred, int cap, struct ct_attempt *attempt)
{
	__u32 held = 0;

	if (bpf_command() != BPF_OBJ_GET)
		return;
	/* Who does not have it gets no further anyway. */
	bpf_probe_read_kernel(&held, sizeof(held), &cred->cap_effective);
	if (!(held & 1U << cap))
		return;
	tamper(CT_TAMPER_ROAD_PINNED, BPF_OBJ_GET, NULL, attempt);
	/* Who lacks the second is asked nothing more. */
	attempt->again =
		cap == CAP_DAC_READ_SEARCH && held & 1U << CAP_DAC_OVERRIDE && is_enforced(CT_VECTOR_BPF_TAMPER);
}

#endif
