/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel types of sockets and messages, by the same rules as in vmlinux.h. */
#ifndef CT_VMLINUX_NET_H
#define CT_VMLINUX_NET_H

#include "vmlinux.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__be32 skc_daddr;
	__be16 skc_dport;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_daddr;
};

/* Bit fields until 5.5; __u8 and __u16 at other places since: read by helper. */
struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
};

struct socket {
	struct sock *sk;
};

/*
 * msg_name and msg_control are copies of the kernel's own when a message is sent. Read by helper: a typed void pointer
 * is memory and no number to the verifier of 7.x.
 */
struct msghdr {
	void *msg_name;
	int msg_namelen;
	void *msg_control;
	unsigned long msg_controllen;
	unsigned int msg_flags;
};

#pragma clang attribute pop

#endif
