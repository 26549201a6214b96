/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel types of sockets and messages, as flavours, by the rules of vmlinux.h. */
#ifndef CT_LEAK_NET_H
#define CT_LEAK_NET_H

#include "../vmlinux_net.h"

#define AF_UNSPEC 0
#ifndef AF_UNIX
#define AF_UNIX 1
#endif
#define AF_INET	    2
#define AF_INET6    10
#define SOCK_STREAM 1
#define SOCK_RAW    3
#define TCP_CLOSE   7

#define IPPROTO_TCP	6
#define IPPROTO_UDP	17
#define IPPROTO_UDPLITE 136
#define IPPROTO_MPTCP	262

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ip_options {
	unsigned char srr;
};

struct ip_options_rcu {
	struct ip_options opt;
};

struct inet_sock {
	struct ip_options_rcu *inet_opt;
};

struct udp_sock {
	int pending;
};

struct unix_sock___leak {
	struct path path;
	struct sock *peer;
};

/* Until 5.13: kind and direction in one number. */
struct iov_iter___old {
	unsigned int type;
	unsigned long iov_offset;
	unsigned long count;
	void *iov;
	unsigned long nr_segs;
};

/* Until 6.3, and with the single buffer from 6.0 on. */
struct iov_iter___middle {
	__u8 iter_type;
	unsigned long iov_offset;
	unsigned long count;
	void *iov;
	void *ubuf;
	unsigned long nr_segs;
};

struct iov_iter___new {
	__u8 iter_type;
	unsigned long iov_offset;
	unsigned long count;
	void *__iov;
	void *ubuf;
	unsigned long nr_segs;
};

struct msghdr___old {
	struct iov_iter___old msg_iter;
};

struct msghdr___middle {
	struct iov_iter___middle msg_iter;
};

struct msghdr___new {
	struct iov_iter___new msg_iter;
};

#pragma clang attribute pop

/* The numbers moved with 6.0 and 6.4. */
enum iter_type {
	ITER_IOVEC = 0,
	ITER_UBUF = 1,
};

#define ITER_IOVEC_OLD 4 /* beside the direction in bit 0 */

#endif
