/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* umount, asked once with the mount that was named: what hangs on it goes with it unasked when it is lazy. */
#include "../guards/pin_remove.h"

DOOR(sb_umount, struct vfsmount *mnt)
{
	struct ct_attempt attempt = { .door = CT_DOOR_SB_UMOUNT };

	guard_umount(mnt, &attempt);
	return decide(&attempt);
}
