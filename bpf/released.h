/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whom a person has taken out of scope by its number, while what brought it in still stands: its control group, or a
 * parent that is protected. No look of user space takes it in again. Its next exec does, a move into a protected
 * control group, or a person who names it or its workload.
 */
#ifndef CT_RELEASED_H
#define CT_RELEASED_H

#include "maps.h"
#include "task.h"
#include "vmlinux_rare.h"

/* Of the leader, which executes for all of its threads. */
static __always_inline __u64 execs_of(__u64 leader)
{
	return BPF_CORE_READ((struct task_struct___execs *)leader, self_exec_id);
}

static __always_inline bool is_released(__u64 leader)
{
	struct ct_released *noted = bpf_map_lookup_elem(&released, &leader);

	return noted && noted->start_boottime_ns == TASK_READ(leader, start_boottime) &&
	       noted->exec_id == execs_of(leader);
}

/*
 * A group beside the number says that it is no person's word; the end of a workload ends what was said of its members.
 * Failure direction: one that is not noted is taken in by the next look.
 */
static __always_inline void note_released(const struct ct_census_request *req, __u64 leader)
{
	struct ct_released now = {
		.start_boottime_ns = TASK_READ(leader, start_boottime),
		.exec_id = execs_of(leader),
	};

	if (req->tgid && !req->group)
		bpf_map_update_elem(&released, &leader, &now, BPF_ANY);
	else
		bpf_map_delete_elem(&released, &leader);
}

#endif
