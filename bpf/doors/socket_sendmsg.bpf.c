/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every message that is sent, by write() and io_uring too. Who is not protected leaves after one look at the filter.
 */
#include "../guards/egress.h"
#include "../guards/fd_pass.h"
#include "../guards/ring.h"

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
	guard_fd_pass(sk, msg, me, &attempt);
	verdict = judge_act(&attempt);
	if (verdict)
		return verdict;
	guard_send(sk, msg, me, &attempt);
	return judge_act(&attempt);
}
