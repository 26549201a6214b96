/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the bytes of a message are, in each layout that the kernel's iterator has had. */
#ifndef CT_LEAK_MESSAGE_H
#define CT_LEAK_MESSAGE_H

#include "look.h"

#define AF_PACKET    17
#define AF_XDP	     44
#define MSG_ZEROCOPY 0x4000000

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

/*
 * enum ct_leak_message. A ring may send from pages that were registered with it: what is in them is not to be seen
 * here.
 */
__weak __noinline int ct_leak_other_message(void)
{
	struct ct_leak_call call;

	leak_call(&call);
	return call.nr < 0 || call.nr == NR_IO_URING_SETUP || call.nr == NR_IO_URING_ENTER ? MESSAGE_UNSEEN
											   : MESSAGE_OF_KERNEL;
}

/* What is sent after the call, from memory that can be written meanwhile, is more than anybody can look at. */
static __always_inline bool is_sent_later(const struct msghdr *msg, int size, __u16 family)
{
	/* From a ring that is mapped: the message itself is empty. */
	if (family == AF_PACKET || family == AF_XDP)
		return !size;
	return msg->msg_flags & MSG_ZEROCOPY;
}

static __always_inline __u32 more_of(const struct msghdr *msg, int size, __u16 family)
{
	__u32 later = is_sent_later(msg, size, family) ? LEAK_MORE_LATER : 0;

	return later | (msg->msg_name ? ct_leak_is_many() : 0);
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
			return ct_leak_other_message();
		return MESSAGE_BY(old, iov);
	}
	kind = middle->msg_iter.iter_type;
	if (bpf_core_enum_value_exists(enum iter_type, ITER_UBUF) &&
	    kind == bpf_core_enum_value(enum iter_type, ITER_UBUF))
		return message_buffer(from, (__u64)BPF_CORE_READ(middle, msg_iter.ubuf), middle->msg_iter.iov_offset,
				      middle->msg_iter.count);
	if (kind != bpf_core_enum_value(enum iter_type, ITER_IOVEC))
		return ct_leak_other_message();
	if (bpf_core_field_exists(fresh->msg_iter.__iov))
		return MESSAGE_BY(new, __iov);
	return MESSAGE_BY(middle, iov);
}

#endif
