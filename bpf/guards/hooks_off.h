/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hooks_off: switches of the kernel that silence guards, make them skippable, or keep the next agent from loading its
 * own. The switch in procfs stands with the other files of the kernel there (procfs.h). A foreign program on one of our
 * hooks is refused when it is loaded (bpf_load).
 */
#ifndef CT_GUARD_HOOKS_OFF_H
#define CT_GUARD_HOOKS_OFF_H

#include "stale.h"

#define DEBUGFS_MAGIC	 0x64626720
#define SECURITYFS_MAGIC 0x73636673

/* sched/preempt lets the kernel skip programs of the fmod_ret form; without kprobes a door of that kind would sleep. */
static __always_inline bool is_debug_switch(struct dentry *dentry, const struct ct_short_name *name)
{
	struct ct_short_name above;

	if (NAME_IS(name, "preempt"))
		return short_name(LOAD(dentry, d_parent), &above) && NAME_IS(&above, "sched");
	if (NAME_IS(name, "enabled"))
		return short_name(LOAD(dentry, d_parent), &above) && NAME_IS(&above, "kprobes");
	return false;
}

/* magic: which of the two file systems. */
static __always_inline void guard_hooks(const struct ct_file *seen, __u32 mask, unsigned long magic,
					struct ct_attempt *attempt)
{
	if (!(mask & FMODE_WRITE))
		return;
	if (magic == SECURITYFS_MAGIC ? !NAME_IS(&seen->name, "lockdown") : !is_debug_switch(seen->dentry, &seen->name))
		return;
	attempt->vector = CT_VECTOR_HOOKS_OFF;
	attempt->arg[0] = seen->flags;
	attempt->name = name_of(seen->dentry);
}

#endif
