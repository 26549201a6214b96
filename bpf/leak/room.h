/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A room lies behind a door of the same hook: the door ends in it by a tail call, so it gets the door's arguments, and
 * its answer is the door's. The section is the door's too, and so is the form that the agent gives it.
 */
#ifndef CT_LEAK_ROOM_H
#define CT_LEAK_ROOM_H

#include "look.h"

#define ROOM(hook, args...)                                                                                            \
	SEC("lsm/" #hook)                                                                                              \
	int BPF_PROG(ct_leak_##hook, args)

#endif
