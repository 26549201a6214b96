/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* leak_ipc: what add_key and keyctl are about to store in a key, where the caller has it. */
#include "../leak/room.h"

#define KEYCTL_UPDATE	       2
#define KEYCTL_INSTANTIATE     12
#define KEYCTL_INSTANTIATE_IOV 20

static __always_inline bool stored(const struct ct_leak_call *call, struct ct_leak_source *from)
{
	__u32 option;

	from->base = call->arg[2];
	from->size = call->arg[3];
	if (call->nr == (call->compat ? NR32_ADD_KEY : NR_ADD_KEY))
		return true;
	if (call->nr != (call->compat ? NR32_KEYCTL : NR_KEYCTL))
		return false;
	option = call->arg[0]; /* of which the kernel takes 32 bits */
	from->array = option == KEYCTL_INSTANTIATE_IOV;
	from->narrow = call->narrow;
	return from->array || option == KEYCTL_UPDATE || option == KEYCTL_INSTANTIATE;
}

enum key_need_perm___leak {
	KEY_NEED_WRITE___leak = 3,
};

/* The call asks for other rights on its way, to key rings that it only passes: one attempt is one answer. */
static __always_inline bool is_stored_into(__u64 need)
{
	return need == bpf_core_enum_value(enum key_need_perm___leak, KEY_NEED_WRITE___leak);
}

ROOM(key_permission, void *key_ref, void *cred, __u32 need)
{
	struct ct_leak_source from = {};
	struct ct_leak_goal goal = { .sink = CT_LEAK_SINK_KEY };
	struct ct_leak_call call;

	if (!is_stored_into(need))
		return 0;
	leak_call(&call);
	if (!stored(&call, &from))
		return 0;
	return look_at(&from, &goal, CT_VECTOR_LEAK_IPC, CT_DOOR_KEY_PERMISSION);
}
