/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every use of a key: those of add_key and keyctl(KEYCTL_UPDATE) bring content. An update passes no other hook. */
#include "../guards/room.h"

LEAK_ROOM(key_permission);

DOOR(key_permission, void *key_ref)
{
	struct ct_attempt attempt = { .door = CT_DOOR_KEY_PERMISSION };

	if (may_leak(CT_VECTOR_LEAK_IPC, &attempt))
		ENTER_ROOM(CT_VECTOR_LEAK_IPC, key_permission);
	return judge_act(&attempt);
}
