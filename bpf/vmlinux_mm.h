/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel types of memory, of pipes and of the pages in them, by the same rules as in vmlinux.h. */
#ifndef CT_VMLINUX_MM_H
#define CT_VMLINUX_MM_H

#include "vmlinux.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
};

struct ct_place_in_file {
	struct rb_node rb;
};

struct vm_area_struct {
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	struct file *vm_file;
	struct ct_place_in_file shared; /* without a name of its own in the kernel */
};

struct address_space {
	struct rb_root_cached i_mmap;
};

struct iattr {
	unsigned int ia_valid;
	kuid_t ia_vfsuid; /* from 6.0 on, of a struct type as this is */
	struct file *ia_file;
};

struct page {
	void *mapping;
};

/* Until 7.0, and after. */
struct page___head {
	unsigned long compound_head;
};

struct page___info {
	unsigned long compound_info;
};

struct pipe_buffer {
	struct page *page;
	unsigned int flags;
};

struct pipe_inode_info {
	unsigned int head;
	unsigned int tail;
	unsigned int ring_size;
	struct pipe_buffer *bufs;
};

struct anon_vma {
	struct rb_root_cached rb_root;
};

struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct rb_node rb;
};

#pragma clang attribute pop

#endif
