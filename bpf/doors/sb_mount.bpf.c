/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* mount(2) in all that it does. The new calls (fsmount, open_tree) end in move_mount instead. */
#include "../guards/pin_remove.h"

DOOR(sb_mount, const char *source, const struct path *path, const char *type, unsigned long flags)
{
	struct ct_attempt attempt = { .door = CT_DOOR_SB_MOUNT };

	guard_mount(path, flags, &attempt);
	return decide(&attempt);
}
