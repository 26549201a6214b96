/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files without a name that the kernel makes for io_uring, userfaultfd and guests of KVM, on kernels since 5.12. */
#include "../guards/userfault.h"

DOOR(inode_init_security_anon, struct inode *inode, const struct qstr *name)
{
	struct ct_scope *me = own_scope();

	if (!me)
		return 0;

	struct ct_attempt attempt = { .door = CT_DOOR_INODE_INIT_SECURITY_ANON };

	guard_anon(LOAD(name, name), me, &attempt);
	return judge_act(&attempt);
}
