/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * leak_name: name and value of an extended attribute, in the kernel's own copies. Before them among the arguments comes
 * the dentry; since 5.12 a mapping of users comes first of all.
 */
#include "../leak/name.h"
#include "../leak/room.h"

struct mnt_idmap {
	int unused;
} __attribute__((preserve_access_index));

struct renamedata {
	void *old_mnt_userns; /* 5.12 to 6.2 */
} __attribute__((preserve_access_index));

/*
 * By helper, since 5.10 lets nobody load an argument that is a pointer to const void. The program's own context, which
 * can be read.
 */
static __always_inline __u64 argument(const unsigned long long *ctx, __u32 index)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), ctx + index);
	return value;
}

/* On a stack of its own, so that the room's is one look's. */
static __noinline int look_at_name_of(__u64 name)
{
	return answer(look_at_string(name, true, CT_LEAK_SINK_XATTR, CT_DOOR_INODE_SETXATTR));
}

/* The arguments that have one place on every kernel are none. */
ROOM(inode_setxattr, void *unused)
{
	struct ct_leak_source from = { .kernel_bytes = true };
	struct ct_leak_goal goal = { .sink = CT_LEAK_SINK_XATTR };
	__u32 at = 2;
	int verdict;

	if (bpf_core_type_exists(struct mnt_idmap) || bpf_core_field_exists(((struct renamedata *)0)->old_mnt_userns))
		at = 3;
	verdict = look_at_name_of(argument(ctx, at - 1));
	if (verdict)
		return verdict;
	from.base = argument(ctx, at);
	from.size = argument(ctx, at + 1);
	return look_at(&from, &goal, CT_VECTOR_LEAK_NAME, CT_DOOR_INODE_SETXATTR);
}
