/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tracefs_probe: the files in which probes are defined. They exist once, at the top of the one tracefs there is,
 * whatever it is mounted on: debugfs/tracing and every further mount end at the same dentry.
 */
#ifndef CT_GUARD_TRACEFS_H
#define CT_GUARD_TRACEFS_H

#include "procfs.h"

#define TRACEFS_MAGIC 0x74726163

static __always_inline void guard_tracefs(struct file *file, struct ct_attempt *attempt)
{
	struct dentry *dentry = file->f_path.dentry;
	struct ct_short_name name;

	if (!(file->f_mode & FMODE_WRITE) || !short_name(dentry, &name))
		return;
	if (!NAME_IS(&name, "kprobe_events") && !NAME_IS(&name, "uprobe_events") && !NAME_IS(&name, "dynamic_events"))
		return;
	attempt->vector = CT_VECTOR_TRACEFS_PROBE;
	attempt->arg[0] = file->f_flags;
	attempt->name = BPF_CORE_READ(dentry, d_name.name);
}

#endif
