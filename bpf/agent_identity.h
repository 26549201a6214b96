/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who is the agent: the process that the census gave the role to; once that one is dead, a process that runs the same
 * executable. While it lives nobody else is, whatever it runs.
 */
#ifndef CT_AGENT_IDENTITY_H
#define CT_AGENT_IDENTITY_H

#include "mounts.h"
#include "scope.h"
#include "task.h"

/* A zombie, of which the process's parent decides how long it stays, is dead. A global function, as in allow.h. */
__weak __noinline int ct_agent_lives(__u64 leader)
{
	struct ct_scope *entry = leader ? scope_of(leader) : NULL;

	/* While it has an entry the task is not freed, so what is read there is still the task. */
	return entry && entry->role & CT_ROLE_AGENT &&
	       BPF_CORE_READ((struct task_struct *)leader, signal, live.counter) != 0;
}

static __always_inline bool runs_agent(const struct ct_agent *known)
{
	__u64 ino;
	__u32 dev;

	task_exe(current_task(), &dev, &ino);
	if (!ino)
		return false;
	return (ino == known->exe_ino && dev == known->exe_dev) || (ino == known->next_ino && dev == known->next_dev);
}

/* A global function, as in allow.h. */
__weak __noinline int ct_may_become_agent(void)
{
	__u32 zero = 0;
	struct ct_agent *known = bpf_map_lookup_elem(&agent, &zero);

	return known && known->exe_ino && runs_agent(known) && !ct_agent_lives(known->leader);
}

static __always_inline bool acts_as_agent(const struct ct_scope *me)
{
	if (me && me->role & CT_ROLE_AGENT)
		return true;
	return ct_may_become_agent();
}

/* Before there was any agent, whoever could load these programs is the first. */
static __always_inline bool may_ask_census(void)
{
	__u32 zero = 0;
	struct ct_agent *known = bpf_map_lookup_elem(&agent, &zero);

	return known && (!known->exe_ino || acts_as_agent(scope_of(current_leader())));
}

static __always_inline void note_mount(struct ct_agent *now, __u32 index, const struct file *file)
{
	const struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);

	now->mounts[index & 1] = (__u64)mnt;
	now->seen_in[index & 1] = (__u64)MOUNT_READ(mount_of(mnt), mnt_ns);
}

/* The census runs in the process that reads it, so the descriptors are those of the agent itself. */
static __always_inline void note_agent(const struct ct_census_request *req, __u64 leader)
{
	struct file *pins = req->pins_fd < 0 ? NULL : file_of_descriptor(req->pins_fd);
	struct file *host = req->host_fd < 0 ? NULL : file_of_descriptor(req->host_fd);
	struct ct_agent now = { .leader = leader, .next_ino = req->next_ino, .next_dev = req->next_dev };
	__u32 zero = 0;

	task_exe(leader, &now.exe_dev, &now.exe_ino);
	if (pins) {
		now.pins_sb = (__u64)BPF_CORE_READ(pins, f_inode, i_sb);
		note_mount(&now, 0, pins);
	}
	if (host && (__u64)BPF_CORE_READ(host, f_inode, i_sb) == now.pins_sb)
		note_mount(&now, 1, host);
	/* An array's entry: that cannot fail. */
	bpf_map_update_elem(&agent, &zero, &now, BPF_ANY);
}

#endif
