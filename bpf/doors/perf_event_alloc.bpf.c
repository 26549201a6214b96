/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The last step in making a perf event, before anybody has a descriptor of it. It holds the task itself, so thread ids
 * and pid namespaces are no way round. A fork copies inherited events through here: current is the parent then, and the
 * child, not yet in scope, still carries the parent's leader.
 */
#include "../guards/perf.h"

DOOR(perf_event_alloc, struct perf_event *event)
{
	struct ct_attempt attempt = { .door = CT_DOOR_PERF_EVENT_ALLOC };

	guard_perf(event, &attempt);
	return decide(&attempt);
}
