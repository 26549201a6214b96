/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* leak_ipc: a message for a queue, where the caller has it; the one hook that both kinds of queues pass. */
#include "../leak/room.h"

#define IPC_MSGSND 11

/* Where the text is and how long. */
static __always_inline bool queued(const struct ct_leak_call *call, struct ct_leak_source *from)
{
	from->base = call->arg[1];
	from->size = call->arg[2];
	if (!call->compat) {
		if (call->nr == NR_MSGSND)
			from->base += sizeof(__u64);
		return call->nr == NR_MSGSND || call->nr == NR_MQ_TIMEDSEND;
	}
	switch (call->nr) {
	case NR32_IPC: from->base = call->arg[4] + sizeof(__u32); return (call->arg[0] & 0xffff) == IPC_MSGSND;
	case NR32_MSGSND: from->base += sizeof(__u32); return true;
	case NR32_MQ_TIMEDSEND:
	case 418: return true; /* mq_timedsend with 64 bits of time */
	}
	return false;
}

ROOM(msg_msg_alloc_security, struct msg_msg *msg)
{
	struct ct_leak_source from = {};
	struct ct_leak_goal goal = { .sink = CT_LEAK_SINK_MESSAGE };
	struct ct_leak_call call;

	leak_call(&call);
	if (!queued(&call, &from))
		return 0;
	return look_at(&from, &goal, CT_VECTOR_LEAK_IPC, CT_DOOR_MSG_MSG_ALLOC_SECURITY);
}
