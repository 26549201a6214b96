/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* leak_write: TIOCSTI types one character at a time into a terminal, where no secret can be seen in it: a closed road.
 */
#include "../leak/room.h"

ROOM(file_ioctl, struct file *file, unsigned int cmd)
{
	return not_looked_at(CT_VECTOR_LEAK_WRITE, CT_DOOR_FILE_IOCTL, CT_LEAK_REASON_UNKNOWN);
}
