/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every check of a capability passes here, many a second on a busy node: out by the capability, then by the system
 * call. Called from any context, also with locks held: nothing here sleeps.
 */
#include "../guards/bpf_tamper.h"
#include "../guards/descriptor.h"

DOOR(capable, const struct cred *cred, struct user_namespace *ns, int cap)
{
	struct ct_attempt attempt = { .door = CT_DOOR_CAPABLE };
	__s32 nr;

	if (cap == CAP_DAC_OVERRIDE || cap == CAP_DAC_READ_SEARCH) {
		nr = syscall_hint() & ~X32_BIT;
		if (nr != NR_BPF && nr != NR_BPF_COMPAT)
			return 0;
		guard_pinned_link(cred, cap, &attempt);
		return decide(&attempt);
	}
	if (cap != CAP_SYS_NICE && cap != CAP_SYS_ADMIN)
		return 0;
	nr = syscall_hint();
	if (nr != NR_SETNS && nr != NR_SETNS_COMPAT && (nr & ~X32_BIT) != NR_PROCESS_MADVISE &&
	    (nr & ~X32_BIT) != NR_SETNS)
		return 0;
	guard_descriptor(cap, &attempt);
	return decide(&attempt);
}
