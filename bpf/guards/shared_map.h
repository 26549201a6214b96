/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * chan_shared_map: a protected process gets memory to write to that others can map: a file on disk or in memory, a
 * System V segment. Memory of memfd_secret is spared, since only who has the descriptor can map it, and that is
 * chan_fd_pass.
 */
#ifndef CT_GUARD_SHARED_MAP_H
#define CT_GUARD_SHARED_MAP_H

#include "../vmlinux_mm.h"
#include "own_act.h"
#include "procfs.h"

#define PROT_WRITE	2
#define MAP_SHARED	1 /* MAP_SHARED_VALIDATE has this bit too */
#define VM_WRITE	2
#define VM_SHARED	8
#define SHM_RDONLY	010000
#define S_IFBLK		0060000
#define SECRETMEM_MAGIC 0x5345434d

/* The door's own word for it: shmat() has a hook of its own and then maps. */
static __always_inline bool is_attaching(void)
{
	struct ct_syscall call;

	current_syscall(&call);
	if (call.compat)
		return call.nr == NR32_SHMAT || call.nr == NR32_IPC;
	return (call.nr & ~X32_BIT) == NR_SHMAT;
}

static __always_inline bool others_can_map(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u16 kind = BPF_CORE_READ(inode, i_mode) & S_IFMT;

	return (kind == S_IFREG || kind == S_IFBLK) && BPF_CORE_READ(inode, i_sb, s_magic) != SECRETMEM_MAGIC;
}

static __always_inline void share(__u64 road, struct file *file, const struct ct_scope *me, struct ct_attempt *attempt)
{
	own_act(CT_VECTOR_CHAN_SHARED_MAP, road, me, attempt);
	if (file)
		attempt->name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
}

/* The file is mapped shared, to be written. */
static __always_inline void guard_shared_map(struct file *file, struct ct_attempt *attempt)
{
	struct ct_scope *me = own_scope();

	if (me && others_can_map(file) && !is_attaching())
		share(CT_SHARED_MAP_ROAD_MMAP, file, me, attempt);
}

static __always_inline bool is_made_writable(struct vm_area_struct *vma, unsigned long prot)
{
	return prot & PROT_WRITE && (LOAD(vma, vm_flags) & (VM_WRITE | VM_SHARED)) == VM_SHARED;
}

static __always_inline void guard_made_writable(struct vm_area_struct *vma, struct ct_attempt *attempt)
{
	struct ct_scope *me = own_scope();
	struct file *file = me ? LOAD(vma, vm_file) : NULL;

	if (file && others_can_map(file))
		share(CT_SHARED_MAP_ROAD_MPROTECT, file, me, attempt);
}

static __always_inline void guard_attach(int flags, struct ct_attempt *attempt)
{
	struct ct_scope *me;

	if (flags & SHM_RDONLY)
		return;
	me = own_scope();
	if (me)
		share(CT_SHARED_MAP_ROAD_SHMAT, NULL, me, attempt);
}

#endif
