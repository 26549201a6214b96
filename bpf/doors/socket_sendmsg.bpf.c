/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every message that is sent, by write() and io_uring too. Who is not protected leaves after one look at the filter.
 */
#include "../guards/egress.h"
#include "../guards/fd_pass.h"
#include "../guards/ring.h"
#include "../guards/room.h"

LEAK_ROOM(socket_sendmsg);

/* Apart for the sake of their stack: what judges lies on top of the door's. */
static __noinline void find_passed(struct sock *sk, struct msghdr *msg, struct ct_scope *me, struct ct_attempt *attempt)
{
	guard_fd_pass(sk, msg, me, attempt);
}

static __noinline void find_sent(struct sock *sk, struct msghdr *msg, struct ct_scope *me, struct ct_attempt *attempt)
{
	guard_send(sk, msg, me, attempt);
}

DOOR(socket_sendmsg, struct socket *sock, struct msghdr *msg)
{
	struct ct_scope *me = own_scope();
	struct sock *sk;
	int verdict;

	if (!me)
		return 0;
	sk = LOAD(sock, sk);
	if (!sk)
		return 0;

	struct ct_attempt attempt = { .door = CT_DOOR_SOCKET_SENDMSG };

	guard_ring(CT_RING_ROAD_SEND, me, &attempt);
	verdict = judge_act(&attempt);
	if (verdict)
		return verdict;
	find_passed(sk, msg, me, &attempt);
	verdict = judge_act(&attempt);
	if (verdict)
		return verdict;
	find_sent(sk, msg, me, &attempt);
	verdict = judge_act(&attempt);
	if (verdict)
		return verdict;
	ENTER_ROOM(CT_VECTOR_LEAK_SEND, socket_sendmsg);
	return 0;
}
