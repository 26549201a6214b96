/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * leak_send: a message that is about to be sent, by whichever call. Its pieces are in a copy of the kernel's own, so
 * nobody can exchange them; what they point to is the caller's memory. sendfile and splice come with pages of files
 * instead, which are not the caller's.
 */
#include "../leak/message.h"
#include "../leak/room.h"

ROOM(socket_sendmsg, struct socket *sock, struct msghdr *msg, int size)
{
	struct ct_leak_source from = {};
	struct ct_leak_goal goal = {};
	struct sock *sk = sock->sk;

	if (!sk)
		return 0;
	switch (sk->__sk_common.skc_family) {
	case AF_INET:
	case AF_INET6: goal.sink = CT_LEAK_SINK_INTERNET; break;
	case AF_UNIX: goal.sink = CT_LEAK_SINK_UNIX; break;
	default: goal.sink = CT_LEAK_SINK_SOCKET;
	}
	goal.object = (__u64)sk;
	goal.address = (__u64)msg->msg_name;
	goal.name_len = msg->msg_namelen;
	switch (message_source(msg, &from)) {
	case MESSAGE_OF_KERNEL: return 0;
	case MESSAGE_UNSEEN: return not_looked_at_in_ring(CT_VECTOR_LEAK_SEND, CT_DOOR_SOCKET_SENDMSG);
	}
	from.more = more_of(msg, size, sk->__sk_common.skc_family);
	return look_at(&from, &goal, CT_VECTOR_LEAK_SEND, CT_DOOR_SOCKET_SENDMSG);
}
