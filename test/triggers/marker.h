/* SPDX-License-Identifier: Apache-2.0 */
/* For attacks by a protected process itself: what it lets out, and the judgement of what came out at the other end. */
#ifndef CT_MARKER_H
#define CT_MARKER_H

#include "trigger.h"

#include <errno.h>
#include <string.h>

#define OWN_ACT "the offender is the protected process itself, and selftest attacks from outside"

#define MARKER "what was to stay inside"

static inline void arrived(struct outcome *out, const void *bytes, long length)
{
	if (length < 0)
		refused(out, errno);
	else if (length == (long)sizeof(MARKER) && !memcmp(bytes, MARKER, sizeof(MARKER)))
		succeeded(out, MARKER, sizeof(MARKER) - 1);
	else
		refused(out, ENODATA);
}

#endif
