/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the bytes of a message are, in each layout that the kernel's iterator has had. */
#ifndef CT_LEAK_MESSAGE_H
#define CT_LEAK_MESSAGE_H

#include "look.h"

enum ct_leak_message {
	MESSAGE_BUFFER,
	MESSAGE_OF_KERNEL, /* pages, or memory of the kernel's own: no memory of the caller's as far as it is its act */
	MESSAGE_UNSEEN,	   /* pages that io_uring was given before */
};

static __always_inline int message_pieces(struct ct_leak_source *from, __u64 array, __u64 count, __u64 total,
					  __u64 offset)
{
	from->base = array;
	from->size = count;
	from->total = total + offset;
	from->array = true;
	from->kind = LEAK_PIECES;
	from->kernel_array = true;
	return MESSAGE_BUFFER;
}

static __always_inline int message_buffer(struct ct_leak_source *from, __u64 base, __u64 offset, __u64 count)
{
	from->base = base + offset;
	from->size = count;
	return MESSAGE_BUFFER;
}

/* A ring may send from pages that were registered with it: what is in them is not to be seen here. */
static __always_inline int other_message(void)
{
	struct ct_leak_call call;

	leak_call(&call);
	return call.nr < 0 || call.nr == 425 || call.nr == 426 ? MESSAGE_UNSEEN : MESSAGE_OF_KERNEL;
}

#define MESSAGE_BY(layout, array)                                                                                      \
	({                                                                                                             \
		struct msghdr___##layout *m_ = (void *)msg;                                                            \
		message_pieces(from, (__u64)BPF_CORE_READ(m_, msg_iter.array), m_->msg_iter.nr_segs,                   \
			       m_->msg_iter.count, m_->msg_iter.iov_offset);                                           \
	})

/* Pointers are read by helper: a typed one the verifier would let nobody add to. */
static __always_inline int message_source(struct msghdr *msg, struct ct_leak_source *from)
{
	struct msghdr___middle *middle = (void *)msg;
	struct msghdr___new *fresh = (void *)msg;
	struct msghdr___old *old = (void *)msg;
	__u32 kind;

	if (!bpf_core_field_exists(middle->msg_iter.iter_type)) {
		if ((old->msg_iter.type & ~1U) != ITER_IOVEC_OLD)
			return other_message();
		return MESSAGE_BY(old, iov);
	}
	kind = middle->msg_iter.iter_type;
	if (bpf_core_enum_value_exists(enum iter_type, ITER_UBUF) &&
	    kind == bpf_core_enum_value(enum iter_type, ITER_UBUF))
		return message_buffer(from, (__u64)BPF_CORE_READ(middle, msg_iter.ubuf), middle->msg_iter.iov_offset,
				      middle->msg_iter.count);
	if (kind != bpf_core_enum_value(enum iter_type, ITER_IOVEC))
		return other_message();
	if (bpf_core_field_exists(fresh->msg_iter.__iov))
		return MESSAGE_BY(new, __iov);
	return MESSAGE_BY(middle, iov);
}

#endif
