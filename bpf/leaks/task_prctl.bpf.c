/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * leak_name: the name that a thread gives itself. The whole string that it gives is looked at, of which the kernel
 * takes the first 15 bytes: whoever gives a secret means to show it.
 */
#include "../leak/name.h"

ROOM(task_prctl, int option, unsigned long name)
{
	return look_at_string(name, false, CT_LEAK_SINK_PROCESS_NAME, CT_DOOR_TASK_PRCTL);
}
