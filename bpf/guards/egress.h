/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * egress: a protected process whose workload has a list of destinations connects or sends to another. A connected
 * stream was asked at its connect, and an accepted one is somebody's who came: what is sent on them is free. Datagrams
 * are asked each time. Addresses are the kernel's own copies, which can be read. One that cannot would be the address 0
 * to a send, and to connect one without a family, which disconnects and passes.
 */
#ifndef CT_GUARD_EGRESS_H
#define CT_GUARD_EGRESS_H

#include "../vmlinux_net.h"
#include "own_act.h"
#include <bpf/bpf_endian.h>

#define AF_UNSPEC	0
#define AF_UNIX		1
#define AF_INET		2
#define AF_INET6	10
#define AF_NETLINK	16
#define AF_ALG		38
#define SOCK_STREAM	1
#define IPPROTO_SCTP	132
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT	2
#define TCP_CLOSE	7

#define OWNER_BITS 64 /* of the key, before the address: owner, port, family */

struct ct_inet_address {
	__u16 family;
	__be16 port;
	union {
		struct {
			__be32 address;
		} v4;
		struct {
			__be32 flow;
			__u8 address[16];
		} v6;
	};
};

struct ct_destination {
	__u64 words[2]; /* as in the event: v4 as ::ffff:a.b.c.d */
	__u16 port;	/* network order */
};

/* A change of the policy during the look, twice: there is a list, which the look-ups then decide. As in allow.h. */
__weak __noinline int ct_has_destinations(__u32 group)
{
	struct ct_group_policy *rules;
	__u32 before;
	bool has;

	if (group == CT_GROUP_MANY)
		return true;
#pragma unroll
	for (int try = 0; try < 2; try++) {
		before = policy_generation();
		rules = group_rules(group, before & 1);
		has = rules && rules->egress;
		if (policy_generation() == before)
			return has;
	}
	return true;
}

#define V4_MAPPED 0xffff0000ULL /* the bytes 00 00 ff ff before the address */

#define OWN_LIST   1
#define OTHER_LIST 2

/* Which of its workloads have a list: each must hold the destination. */
static __always_inline __u32 lists_of(const struct ct_scope *me)
{
	__u32 lists = ct_has_destinations(me->group) ? OWN_LIST : 0;

	if (me->also && ct_has_destinations(me->also))
		lists |= OTHER_LIST;
	return lists;
}

static __always_inline void v4_destination(__be32 address, struct ct_destination *to)
{
	to->words[0] = 0;
	/* The kernel takes no address for the node itself. */
	to->words[1] = V4_MAPPED | (__u64)(address ? address : bpf_htonl(0x7f000001)) << 32;
}

static __always_inline void v6_destination(const void *address, struct ct_destination *to)
{
	bpf_probe_read_kernel(to->words, sizeof(to->words), address);
	if (!to->words[0] && !to->words[1])
		to->words[1] = 1ULL << 56;
}

/* A global function for the sake of its own stack: what judges lies under the door's. port: network order. */
__weak __noinline int ct_is_listed(__u32 group, __u64 first, __u64 second, __u32 port)
{
	struct ct_leak_sink_key key = { .owner = CT_LEAK_OWNER_GROUP | group, .port = port };
	bool v4 = !first && (__u32)second == V4_MAPPED;
	__u32 address = second >> 32;

	key.family = v4 ? 4 : 6;
	key.prefixlen = OWNER_BITS + (v4 ? 32 : 128);
	if (v4) {
		__builtin_memcpy(key.address, &address, sizeof(address));
	} else {
		__builtin_memcpy(key.address, &first, sizeof(first));
		__builtin_memcpy(key.address + sizeof(first), &second, sizeof(second));
	}
	if (bpf_map_lookup_elem(&leak_sinks, &key))
		return 1;
	key.port = 0;
	return bpf_map_lookup_elem(&leak_sinks, &key) != NULL;
}

static __always_inline void to_nowhere(__u64 road, __u64 port, const struct ct_scope *me, struct ct_attempt *attempt)
{
	own_act(CT_VECTOR_EGRESS, road, me, attempt);
	attempt->arg[1] = port;
}

static __always_inline void guard_destination(__u64 road, const struct ct_destination *to, __u32 lists,
					      const struct ct_scope *me, struct ct_attempt *attempt)
{
	if ((!(lists & OWN_LIST) || ct_is_listed(me->group, to->words[0], to->words[1], to->port)) &&
	    (!(lists & OTHER_LIST) || ct_is_listed(me->also, to->words[0], to->words[1], to->port)))
		return;
	to_nowhere(road, bpf_ntohs(to->port), me, attempt);
	attempt->arg[2] = to->words[0];
	attempt->arg[3] = to->words[1];
}

/*
 * The kernel's copy of an address, as the socket will take it: without a family it is a v4 address to a v4 socket. To a
 * v6 socket it is either no address or one, by the protocol: taken for an unlisted one. False: no address.
 */
static __always_inline bool parse_address(const void *from, int length, __u16 family, struct ct_destination *to)
{
	struct ct_inet_address given = {};

	if (!from || length < (int)sizeof(given.family))
		return false;
	bpf_probe_read_kernel(&given, sizeof(given), from);
	to->port = given.port;
	if (given.family == AF_UNSPEC && family == AF_INET)
		given.family = AF_INET;
	if (given.family == AF_INET)
		v4_destination(given.v4.address, to);
	else if (given.family == AF_INET6)
		v6_destination(given.v6.address, to);
	else
		__builtin_memset(to, 0, sizeof(*to));
	return true;
}

/* Kinds of sockets that reach nobody beyond the node, or none for which a list could say so. */
static __always_inline bool is_local_family(__u16 family)
{
	return family == AF_UNIX || family == AF_NETLINK || family == AF_ALG;
}

static __always_inline bool has_lists(__u16 family, struct sock *sk)
{
	return (family == AF_INET || family == AF_INET6) && BPF_CORE_READ(sk, sk_protocol) != IPPROTO_SCTP;
}

static __always_inline void guard_connect(struct sock *sk, const void *address, int length, const struct ct_scope *me,
					  struct ct_attempt *attempt)
{
	__u16 family = LOAD(sk, __sk_common.skc_family), asked = AF_UNSPEC;
	struct ct_destination to = {};
	__u32 lists;

	if (me->role & CT_ROLE_PROBER) {
		own_act(CT_VECTOR_EGRESS, CT_EGRESS_ROAD_CONNECT, me, attempt);
		return;
	}
	lists = is_local_family(family) ? 0 : lists_of(me);
	if (!lists)
		return;
	bpf_probe_read_kernel(&asked, sizeof(asked), address);
	if (!has_lists(family, sk))
		to_nowhere(CT_EGRESS_ROAD_FAMILY, family, me, attempt);
	else if (asked != AF_UNSPEC && parse_address(address, length, family, &to)) /* without one it disconnects */
		guard_destination(CT_EGRESS_ROAD_CONNECT, &to, lists, me, attempt);
}

static __always_inline void guard_send(struct sock *sk, struct msghdr *msg, const struct ct_scope *me,
				       struct ct_attempt *attempt)
{
	__u16 family = LOAD(sk, __sk_common.skc_family);
	__u8 state = LOAD(sk, __sk_common.skc_state);
	struct ct_destination to = {};
	__u32 lists;
	bool stream;

	lists = me->role & CT_ROLE_PROBER || is_local_family(family) ? 0 : lists_of(me);
	if (!lists)
		return;
	stream = BPF_CORE_READ(sk, sk_type) == SOCK_STREAM;
	if (!has_lists(family, sk)) {
		to_nowhere(CT_EGRESS_ROAD_FAMILY, family, me, attempt);
		return;
	}
	/* With a connection the kernel ignores the address; without one it makes one (fast open). */
	if (stream && state != TCP_CLOSE)
		return;
	if (!parse_address(BPF_CORE_READ(msg, msg_name), LOAD(msg, msg_namelen), family, &to)) {
		if (stream || state != TCP_ESTABLISHED)
			return;
		to.port = LOAD(sk, __sk_common.skc_dport);
		if (family == AF_INET)
			v4_destination(LOAD(sk, __sk_common.skc_daddr), &to);
		else
			v6_destination((void *)address_of(sk) +
					       bpf_core_field_offset(struct sock, __sk_common.skc_v6_daddr),
				       &to);
	}
	guard_destination(stream ? CT_EGRESS_ROAD_FAST_OPEN : CT_EGRESS_ROAD_SEND, &to, lists, me, attempt);
}

#endif
