/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A System V segment is attached. */
#include "../guards/shared_map.h"

DOOR(shm_shmat, struct kern_ipc_perm *segment, void *address, int flags)
{
	struct ct_attempt attempt = { .door = CT_DOOR_SHM_SHMAT };

	guard_attach(flags, &attempt);
	return judge_act(&attempt);
}
