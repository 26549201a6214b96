/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every bpf() call, before the command does anything, on all kernels from 5.10 to 7.2. */
#include "../guards/bpf_load.h"
#include "../guards/bpf_tamper.h"
#include "../guards/perf.h"

DOOR(bpf, int cmd, union bpf_attr *attr)
{
	struct ct_attempt attempt = { .door = CT_DOOR_BPF };

	guard_bpf_load(cmd, attr, &attempt);
	guard_uprobe_link(cmd, attr, &attempt);
	guard_bpf_tamper(cmd, attr, &attempt);
	return decide(&attempt);
}
