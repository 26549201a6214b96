/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every change of a file's attributes: truncate, ftruncate, an open that truncates, and what overlays and file servers
 * make of them below, where the file is that is mapped. One read for owners, times and permission bits.
 */
#include "../guards/mapped_code.h"

/*
 * A mapping of users came first among the arguments: of the function, and so of fmod_ret and the kprobe, from 6.0 on,
 * of the hook, and so of lsm, from 6.9 on. Without it lsm and fmod_ret find in the third place what earlier programs
 * said, which is 0; a kprobe finds anything.
 */
static __always_inline bool maps_users(__u64 third)
{
	return CT_REFUSES ? third != 0 : bpf_core_field_exists(((struct iattr *)0)->ia_vfsuid);
}

DOOR(inode_setattr, void *first, void *second, void *third)
{
	__u64 one = address_of(first), two = address_of(second), three = address_of(third), tree;
	bool shifted = maps_users(three);
	struct dentry *dentry = (void *)(shifted ? two : one);
	struct iattr *attr = (void *)(shifted ? three : two);

	tree = resized_tree(dentry, attr);
	if (!tree)
		return 0;

	struct ct_attempt attempt = { .door = CT_DOOR_INODE_SETATTR };

	guard_cut_code(tree, dentry, attr, &attempt);
	return decide(&attempt);
}
