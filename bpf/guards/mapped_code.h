/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * procmem_write by way of the file: what a process has mapped of a file and not changed is the file's own memory, so
 * whoever writes a library in place writes the code of all who run it, and whoever cuts it off ends them. Who has
 * mapped the file is asked of the kernel's own tree. It is walked without its lock, so that one who changes it at the
 * same time may be missed.
 */
#ifndef CT_GUARD_MAPPED_CODE_H
#define CT_GUARD_MAPPED_CODE_H

#include "../vmlinux_mm.h"
#include "procfs.h"

#define VM_EXEC 4

/* ia_valid: what is to change, and on which occasion. */
#define ATTR_SIZE (1 << 3)
#define ATTR_FILE (1 << 13)
#define ATTR_OPEN (1 << 15)

#define O_WRONLY 01
#define O_TRUNC	 01000

/* Of each of three loops, one in the other: more is taken for code of a protected process. */
#define WALK_STEPS 32

/* Where a walk is: a node, and in its lowest bits whence it was come to. */
#define FROM_ABOVE 0
#define FROM_LEFT  1
#define FROM_RIGHT 2
#define FOUND	   3 /* in place of a node: a task */
#define WALK_BITS  3ULL

/* Few opens get further: a file that is to be written, and that somebody has mapped. */
static __always_inline bool writes_mapped(const struct file *file, const struct inode *inode)
{
	return LOAD(file, f_mode) & FMODE_WRITE && LOAD(inode, i_mapping, i_mmap.rb_root.rb_node);
}

/* A task that runs what is mapped there, if it is guarded; else 0. As in allow.h, and so are the next ones. */
__weak __noinline __u64 ct_runner_at(__u64 node)
{
	struct vm_area_struct *area = (void *)(node - bpf_core_field_offset(struct vm_area_struct, shared.rb));
	struct ct_scope *entry;
	__u64 owner;

	if (!(BPF_CORE_READ(area, vm_flags) & VM_EXEC))
		return 0;
	owner = (__u64)BPF_CORE_READ(area, vm_mm, owner);
	entry = owner ? scope_of((__u64)TASK_READ(owner, group_leader)) : NULL;
	if (!entry || entry->role & CT_ROLE_CANARY ||
	    !(entry->role & (CT_ROLE_PROTECTED | CT_ROLE_AGENT | CT_ROLE_PROBER)))
		return 0;
	return owner;
}

__weak __noinline __u64 ct_next_place(__u64 place)
{
	struct rb_node *node = (void *)(place & ~WALK_BITS), *child;
	__u64 from = place & WALK_BITS, above;

	child = from == FROM_ABOVE ? BPF_CORE_READ(node, rb_left) : NULL;
	if (child)
		return (__u64)child | FROM_ABOVE;
	child = from != FROM_RIGHT ? BPF_CORE_READ(node, rb_right) : NULL;
	if (child)
		return (__u64)child | FROM_ABOVE;
	above = BPF_CORE_READ(node, __rb_parent_color) & ~WALK_BITS;
	if (!above)
		return 0;
	return above | ((__u64)BPF_CORE_READ((struct rb_node *)above, rb_left) == (__u64)node ? FROM_LEFT : FROM_RIGHT);
}

/*
 * One step: the next place, 0 at the end, or who was found here. Looked at whichever way it is come to: a node that
 * takes the place of one that is taken out above us is come to from below alone.
 */
__weak __noinline __u64 ct_walk_step(__u64 place)
{
	__u64 runner = ct_runner_at(place & ~WALK_BITS);

	return runner ? runner | FOUND : ct_next_place(place);
}

__weak __noinline __u64 ct_walk_maps(__u64 place)
{
	for (int i = 0; i < WALK_STEPS; i++) {
		place = ct_walk_step(place);
		if (!place || (place & WALK_BITS) == FOUND)
			return place;
	}
	return place;
}

/* Loops of loops: the verifier compares each round of one with all rounds before. */
__weak __noinline __u64 ct_walk_on(__u64 place)
{
	for (int i = 0; i < WALK_STEPS; i++) {
		place = ct_walk_maps(place);
		if (!place || (place & WALK_BITS) == FOUND)
			return place;
	}
	return place;
}

__weak __noinline __u64 ct_who_runs(__u64 place)
{
	for (int i = 0; i < WALK_STEPS; i++) {
		place = ct_walk_on(place);
		if (!place || (place & WALK_BITS) == FOUND)
			return place;
	}
	return place;
}

/* Whether somebody guarded runs what is mapped of the file; then the attempt is on him. */
static __always_inline bool is_run(__u64 tree, struct ct_attempt *attempt)
{
	__u64 place = ct_who_runs(tree);

	if (!place)
		return false;
	attempt->vector = CT_VECTOR_PROCMEM_WRITE;
	/*
	 * Too many: it is nobody's, and counts while anything is protected. Anybody who may read the file can have
	 * mapped it so often, so whoever writes to it may be no offender.
	 */
	if ((place & WALK_BITS) == FOUND)
		attempt->target = place & ~WALK_BITS;
	else
		attempt->doubtful = true;
	return true;
}

static __always_inline void guard_mapped_code(struct file *file, struct inode *inode, struct ct_attempt *attempt)
{
	if (!is_run(address_of(LOAD(inode, i_mapping, i_mmap.rb_root.rb_node)), attempt))
		return;
	attempt->arg[0] = LOAD(file, f_flags);
	attempt->name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
}

/*
 * The tree of a file that is to get another size, if somebody has mapped it; else 0. Failure direction: what cannot be
 * read is 0 as well; the kernel has both at hand.
 */
static __always_inline __u64 resized_tree(struct dentry *dentry, struct iattr *attr)
{
	if (!(BPF_CORE_READ(attr, ia_valid) & ATTR_SIZE))
		return 0;
	return (__u64)BPF_CORE_READ(dentry, d_inode, i_mapping, i_mmap.rb_root.rb_node);
}

/* By a descriptor, of whatever age; by a path alone what it comes to is the same as opening for this. */
static __always_inline void guard_cut_code(__u64 tree, struct dentry *dentry, struct iattr *attr,
					   struct ct_attempt *attempt)
{
	struct ct_scope *me = scope_of(current_leader());
	__u32 valid = BPF_CORE_READ(attr, ia_valid);
	struct file *file = valid & ATTR_FILE ? BPF_CORE_READ(attr, ia_file) : NULL;

	/* The canary's attacker cuts what it has mapped itself, which is nobody's. */
	if (me && me->role & CT_ROLE_PROBER) {
		attempt->vector = CT_VECTOR_PROCMEM_WRITE;
		return;
	}
	if (!is_run(tree, attempt))
		return;
	attempt->arg[0] = O_TRUNC | (file ? BPF_CORE_READ(file, f_flags) : O_WRONLY);
	attempt->name = name_of(dentry);
	/* file_open has judged and told of an open for writing, unless it sleeps. */
	attempt->again =
		valid & ATTR_OPEN && file && BPF_CORE_READ(file, f_mode) & FMODE_WRITE && ct_anything_protected();
}

#endif
