/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * swap_on and block_raw: pages of a protected process on a disk, and that disk read past the file system.
 * swapon() has no hook of its own, but it opens its file, with flags that few other opens have: they are compared
 * before the system call is looked at. swapoff() opens the device too and passes: it takes memory off the disk.
 */
#ifndef CT_GUARD_SWAP_H
#define CT_GUARD_SWAP_H

#include "../verdict.h"

#define FMODE_READ_BIT 1
#define O_EXCL_BIT     0200
#define SWAP_FLAGS     (02 | O_LARGEFILE_BIT) /* O_RDWR | O_LARGEFILE; 6.x adds O_EXCL */

enum swap_call { NO_SWAP_CALL, SWAP_ON_CALL, SWAP_OFF_CALL };

static __always_inline bool has_swap_flags(struct file *file)
{
	return (LOAD(file, f_flags) & ~O_EXCL_BIT) == SWAP_FLAGS;
}

static __always_inline enum swap_call swap_call(struct file *file)
{
	struct ct_syscall call;
	__s32 nr;

	if (!has_swap_flags(file))
		return NO_SWAP_CALL;
	current_syscall(&call);
	if (call.nr < 0)
		return NO_SWAP_CALL;
	nr = call.compat ? call.nr : call.nr & ~X32_BIT;
	if (nr == (call.compat ? NR32_SWAPON : NR_SWAPON))
		return SWAP_ON_CALL;
	return nr == (call.compat ? NR32_SWAPOFF : NR_SWAPOFF) ? SWAP_OFF_CALL : NO_SWAP_CALL;
}

static __always_inline void guard_swap_file(struct file *file, struct ct_attempt *attempt)
{
	if (swap_call(file) != SWAP_ON_CALL)
		return;
	attempt->vector = CT_VECTOR_SWAP_ON;
	attempt->name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
}

static __always_inline void guard_block(struct file *file, struct inode *inode, struct ct_attempt *attempt)
{
	struct ct_device_key key = { .block = 1, .dev = LOAD(inode, i_rdev) };
	enum swap_call call = swap_call(file);

	if (call == SWAP_ON_CALL) {
		attempt->vector = CT_VECTOR_SWAP_ON;
	} else {
		if (call == SWAP_OFF_CALL || !(LOAD(file, f_mode) & FMODE_READ_BIT))
			return;
		if (!bpf_map_lookup_elem(&devices, &key))
			return;
		attempt->vector = CT_VECTOR_BLOCK_RAW;
		attempt->arg[0] = key.dev >> 20;
		attempt->arg[1] = key.dev & 0xfffff;
	}
	attempt->name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
}

#endif
