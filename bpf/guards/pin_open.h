/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpf_tamper by open(2): bpffs prints the contents of a pinned map to whoever opens its file, and makes no descriptor
 * of the map for it. By the map itself too: a pin is one before the agent has told of its directory.
 */
#ifndef CT_GUARD_PIN_OPEN_H
#define CT_GUARD_PIN_OPEN_H

#include "pin_remove.h"

static __always_inline void guard_pin_open(struct file *file, struct inode *inode, struct ct_attempt *attempt)
{
	const struct dentry *dentry = (const struct dentry *)address_of(LOAD(file, f_path.dentry));

	if (is_pin(dentry) || ct_is_own_map((__u64)BPF_CORE_READ(inode, i_private)))
		tamper(CT_TAMPER_ROAD_PINNED, 0, BPF_CORE_READ(dentry, d_name.name), attempt);
}

#endif
