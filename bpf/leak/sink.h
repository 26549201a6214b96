/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where an operation's bytes go, and whether a secret may go there. Asked only once a secret was found. What cannot be
 * told, or is not a file, an internet address or a unix socket with a file, is a place where it may not go.
 */
#ifndef CT_LEAK_SINK_H
#define CT_LEAK_SINK_H

#include "../task.h"
#include "net.h"
#include "scratch.h"

/* An address with its port, as sendto() and connect() take it: sockaddr_in and sockaddr_in6. */
struct ct_leak_named {
	__u16 family;
	__u16 port;
	__u32 v4;
	__u8 v6[16];
};

static __always_inline void put_v4(struct ct_leak_sink_key *key, __u32 address)
{
	key->family = 4;
	__builtin_memset(key->address, 0, sizeof(key->address));
	__builtin_memcpy(key->address, &address, sizeof(address));
}

/* A v4 address in v6's clothes counts as what it is. */
static __always_inline void put_v6(struct ct_leak_sink_key *key, const __u8 address[16])
{
	__u64 high;
	__u32 middle, low;

	__builtin_memcpy(&high, address, sizeof(high));
	__builtin_memcpy(&middle, address + 8, sizeof(middle));
	__builtin_memcpy(&low, address + 12, sizeof(low));
	if (!high && middle == 0xffff0000) {
		put_v4(key, low);
		return;
	}
	key->family = 6;
	__builtin_memcpy(key->address, address, sizeof(key->address));
}

/*
 * The address that the message names. Without a family it is a v4 address to a v4 socket; a v6 one takes it for none,
 * and sends to whom it is connected to.
 */
static __always_inline bool named_peer(const struct ct_leak_scratch *s, __u16 family, struct ct_leak_sink_key *key)
{
	struct ct_leak_named named = {};
	__u32 size = s->name_len < sizeof(named) ? s->name_len : sizeof(named);

	if (!s->address || size < 8)
		return false;
	if (bpf_probe_read_kernel(&named, size > 16 ? sizeof(named) : 16, (void *)s->address))
		return false;
	key->port = named.port;
	if (named.family == AF_INET || (named.family == AF_UNSPEC && family == AF_INET))
		put_v4(key, named.v4);
	else if (named.family == AF_INET6)
		put_v6(key, named.v6);
	else
		return false;
	return true;
}

static __always_inline bool connected_peer(struct sock *sk, __u16 family, struct ct_leak_sink_key *key)
{
	struct in6_addr v6 = {};

	key->port = BPF_CORE_READ(sk, __sk_common.skc_dport);
	if (family == AF_INET6) {
		BPF_CORE_READ_INTO(&v6, sk, __sk_common.skc_v6_daddr);
		put_v6(key, v6.in6_u.u6_addr8);
	} else {
		put_v4(key, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	}
	return true;
}

/*
 * Raw sockets bring addresses of their own, SCTP has many, a corked datagram goes where its first part said, and a
 * source route by whom it names.
 */
static __always_inline bool goes_where_it_says(struct sock *sk, __u16 family)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	struct ip_options_rcu *options;

	if (family != AF_INET && family != AF_INET6)
		return false;
	if (BPF_CORE_READ(sk, sk_type) == SOCK_RAW)
		return false;
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP) {
		if (protocol != IPPROTO_UDP && protocol != IPPROTO_UDPLITE)
			return false;
		if (BPF_CORE_READ((struct udp_sock *)sk, pending))
			return false;
	}
	options = BPF_CORE_READ((struct inet_sock *)sk, inet_opt);
	return !options || !BPF_CORE_READ(options, opt.srr);
}

/*
 * A stream goes to whom it is connected to, whatever the message names, unless it is not connected: then the message
 * connects it first (fast open). A datagram goes to whom the message names, else to whom its socket is connected to.
 */
static __always_inline bool internet_peer(const struct ct_leak_scratch *s, struct ct_leak_sink_key *key)
{
	struct sock *sk = (void *)s->object;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	bool stream = BPF_CORE_READ(sk, sk_type) == SOCK_STREAM;

	if (!goes_where_it_says(sk, family))
		return false;
	if (stream && BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_CLOSE)
		return connected_peer(sk, family, key);
	if (s->address && s->name_len)
		return named_peer(s, family, key);
	return !stream && connected_peer(sk, family, key);
}

static __always_inline bool file_allowed(struct inode *inode, __u32 owner)
{
	struct ct_leak_file_key key = { .owner = owner };

	if (!inode)
		return false;
	key.ino = BPF_CORE_READ(inode, i_ino);
	key.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	return bpf_map_lookup_elem(&leak_sink_files, &key) != NULL;
}

/* Into s->peer. */
__weak __noinline int ct_leak_peer(__u32 slot)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	struct ct_leak_sink_key key = {};

	if (!s)
		return 0;
	if (s->sink == CT_LEAK_SINK_INTERNET && !internet_peer(s, &key))
		key.family = 0;
	s->peer = key;
	return 0;
}

static __always_inline bool address_allowed(struct ct_leak_sink_key *key, __u32 owner)
{
	if (!key->family)
		return false;
	key->owner = owner;
	key->prefixlen = key->family == 4 ? 64 + 32 : 64 + 128;
	if (bpf_map_lookup_elem(&leak_sinks, key))
		return true;
	key->port = 0;
	return bpf_map_lookup_elem(&leak_sinks, key) != NULL;
}

/* The other end of a unix socket, if it has a file: where somebody listens, not where somebody called from. */
static __always_inline struct inode *unix_peer(const struct ct_leak_scratch *s)
{
	struct unix_sock___leak *socket = (void *)s->object, *other;
	struct sock *peer = BPF_CORE_READ(socket, peer);

	/* A datagram that names its receiver goes there, and the name says not which file that is. */
	if (!peer || s->name_len)
		return NULL;
	other = (void *)peer;
	return BPF_CORE_READ(other, path.dentry, d_inode);
}

/* 1: that secret may go where this operation takes it. */
__weak __noinline int ct_leak_may_go(__u32 slot, __u32 secret)
{
	struct ct_leak_scratch *s = scratch_at(slot);
	struct ct_leak_sink_key key;

	if (!s)
		return 0;
	switch (s->sink) {
	case CT_LEAK_SINK_FILE:
	case CT_LEAK_SINK_PIPE:
	case CT_LEAK_SINK_DEVICE: return file_allowed((struct inode *)s->object, secret);
	case CT_LEAK_SINK_UNIX: return file_allowed(unix_peer(s), secret);
	case CT_LEAK_SINK_INTERNET:
		ct_leak_peer(slot);
		key = s->peer;
		return address_allowed(&key, secret);
	}
	return 0;
}

#endif
