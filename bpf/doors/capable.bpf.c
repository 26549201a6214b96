/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every check of a capability passes here, many a second on a busy node: out by the capability, then by the system
 * call. Called from any context, also with locks held: nothing here sleeps.
 */
#include "../guards/bpf_tamper.h"
#include "../guards/descriptor.h"

DOOR(capable, const struct cred *cred, struct user_namespace *ns, int cap)
{
	bool overrides = cap == CAP_DAC_OVERRIDE || cap == CAP_DAC_READ_SEARCH;
	__s32 nr, bare;

	if (!overrides && cap != CAP_SYS_NICE && cap != CAP_SYS_ADMIN)
		return 0;
	nr = syscall_hint();
	bare = nr & ~X32_BIT;
	if (overrides) {
		if (bare != NR_BPF && bare != NR32_BPF)
			return 0;
	} else if (nr != NR_SETNS && nr != NR32_SETNS && bare != NR_PROCESS_MADVISE && bare != NR_SETNS) {
		return 0;
	}

	struct ct_attempt attempt = { .door = CT_DOOR_CAPABLE };

	if (overrides)
		guard_pinned_link(cred, cap, &attempt);
	else
		guard_descriptor(cap, &attempt);
	return decide(&attempt);
}
