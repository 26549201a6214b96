/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * chan_splice by vmsplice, which passes no hook: pages of a protected process's own memory lie in a pipe. Who reads it
 * is refused, whoever that is, and who moves it on to a file by splice(). The kernel itself puts only pages there that
 * are mapped nowhere, or a file's; so memory that is mapped as anonymous came by vmsplice, and its map says of whom.
 * Not seen: what lies behind PIPE_LOOK other buffers that one call takes, what comes while the reader waits already,
 * pages whose process is gone, a splice of io_uring's, which names its pipe where nobody sees it, and a neighbour's
 * splice on kernels where the registers of a call are too dear to look at.
 */
#ifndef CT_GUARD_VMSPLICE_H
#define CT_GUARD_VMSPLICE_H

#include "../vmlinux_mm.h"
#include "zero_copy.h"

#define S_IFIFO	      0010000
#define PIPE_LOOK     16 /* buffers that are looked at, the next to be read first */
#define MAPPING_ANON  1UL
#define MAPPING_FLAGS 3UL
#define COMPOUND_TAIL 1UL
#define CAN_MERGE     0x10 /* PIPE_BUF_FLAG_CAN_MERGE */

static __always_inline __u64 page_mapping(__u64 page)
{
	struct page___head *named = (void *)page;
	struct page___info *renamed = (void *)page;
	__u64 head = 0;

	/* A part of a huge page leads to its head. */
	if (bpf_core_field_exists(named->compound_head))
		head = BPF_CORE_READ(named, compound_head);
	else if (bpf_core_field_exists(renamed->compound_info))
		head = BPF_CORE_READ(renamed, compound_info);
	if (head & COMPOUND_TAIL)
		page = head - COMPOUND_TAIL;
	return (__u64)BPF_CORE_READ((struct page *)page, mapping);
}

/* The process whose memory the page is, by one of the maps that hold it: they share it by fork. 0 if there is none. */
static __always_inline __u64 page_owner(__u64 page)
{
	__u64 mapping = page_mapping(page), node;
	struct anon_vma_chain *chain;
	struct anon_vma *anon;

	if ((mapping & MAPPING_FLAGS) != MAPPING_ANON)
		return 0;
	anon = (void *)(mapping & ~MAPPING_FLAGS);
	node = (__u64)BPF_CORE_READ(anon, rb_root.rb_root.rb_node);
	if (!node)
		return 0;
	chain = (void *)(node - bpf_core_field_offset(struct anon_vma_chain, rb));
	return (__u64)BPF_CORE_READ(chain, vma, vm_mm, owner);
}

/* The protected process whose memory lies in the buffer, or 0. Global, as is the next: the verifier looks at it once.
 */
__weak __noinline __u64 ct_buffer_owner(__u64 address)
{
	struct pipe_buffer *buffer = (void *)address;
	struct ct_scope *entry;
	__u64 owner;

	/* Only write() makes a buffer that takes more, of a page of the kernel's own: nearly all are such. */
	if (BPF_CORE_READ(buffer, flags) & CAN_MERGE)
		return 0;
	owner = page_owner((__u64)BPF_CORE_READ(buffer, page));
	entry = owner ? scope_of((__u64)TASK_READ(owner, group_leader)) : NULL;
	return entry && entry->role & CT_ROLE_PROTECTED && !(entry->role & CT_ROLE_CANARY) ? owner : 0;
}

/* The first in the pipe. */
__weak __noinline __u64 ct_spliced_from(__u64 buffers, __u32 at, __u32 head, __u32 mask)
{
	__u64 owner;

	for (int i = 0; i < PIPE_LOOK; i++, at++) {
		if (at == head)
			break;
		owner = ct_buffer_owner(buffers + (__u64)(at & mask) * bpf_core_type_size(struct pipe_buffer));
		if (owner)
			return owner;
	}
	return 0;
}

/* The same of the pipe at the address. */
__weak __noinline __u64 ct_vmsplicer(__u64 address)
{
	struct pipe_inode_info *pipe = (void *)address;
	__u32 tail = BPF_CORE_READ(pipe, tail), head = BPF_CORE_READ(pipe, head);

	if (tail == head)
		return 0;
	return ct_spliced_from((__u64)BPF_CORE_READ(pipe, bufs), tail, head, BPF_CORE_READ(pipe, ring_size) - 1);
}

/*
 * The pipe from which the current splice() takes, whoever calls it; 0 if it is none. The kernel asks for the file only.
 * A second thread may exchange the descriptor between the kernel's look at it and ours.
 */
__weak __noinline __u64 ct_source_pipe(void)
{
	struct ct_syscall call;
	struct inode *inode;
	struct file *file;

	if (ct_zero_copy_road() != CT_ZERO_COPY_ROAD_SPLICE)
		return 0;
	current_syscall(&call);
	file = file_of_descriptor((__u32)call.arg0);
	if (!file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	return (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFIFO ? (__u64)BPF_CORE_READ(inode, i_pipe) : 0;
}

static __always_inline void guard_vmspliced(__u64 pipe, struct ct_attempt *attempt)
{
	__u64 owner = pipe ? ct_vmsplicer(pipe) : 0;

	if (!owner)
		return;
	attempt->vector = CT_VECTOR_CHAN_SPLICE;
	attempt->arg[0] = CT_ZERO_COPY_ROAD_VMSPLICE;
	attempt->target = owner;
	/* Whoever takes it is not the offender. */
	attempt->offender = owner == current_task() ? 0 : owner;
	attempt->own = true;
	attempt->burst = true;
}

#endif
