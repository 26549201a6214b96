/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every connect, of every kind of socket, before anything is sent. Fast open by sendto() does not come here. */
#include "../guards/egress.h"
#include "../guards/ring.h"

DOOR(socket_connect, struct socket *sock, void *address, int length)
{
	struct ct_scope *me = own_scope();
	struct sock *sk;
	int verdict;

	if (!me)
		return 0;
	sk = LOAD(sock, sk);
	if (!sk)
		return 0;

	struct ct_attempt attempt = { .door = CT_DOOR_SOCKET_CONNECT };

	guard_ring(CT_RING_ROAD_CONNECT, me, &attempt);
	verdict = judge_act(&attempt);
	if (verdict)
		return verdict;
	guard_connect(sk, address, length, me, &attempt);
	return judge_act(&attempt);
}
