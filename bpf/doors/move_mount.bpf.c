/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* move_mount(2): a mount that is attached somewhere, or one just made by fsmount or open_tree, gets a place. */
#include "../guards/pin_remove.h"

DOOR(move_mount, const struct path *from, const struct path *to)
{
	struct ct_attempt attempt = { .door = CT_DOOR_MOVE_MOUNT };

	guard_move(from, to, &attempt);
	return decide(&attempt);
}
