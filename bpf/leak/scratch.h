/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one look at one operation needs to remember. Programs can be preempted by others that look at something else on
 * the same CPU, so each has a few of these and a look takes one that is free.
 */
#ifndef CT_LEAK_SCRATCH_H
#define CT_LEAK_SCRATCH_H

#include "maps.h"

#define CT_LEAK_SLOTS 4	 /* per CPU: how many looks can be interrupted by one another */
#define CT_LEAK_BATCH 32 /* pieces that are fetched at a time */
/* Pieces that one call of a function gathers: the verifier follows each, in every room. */
#define CT_LEAK_ROUNDS 4
#define CT_LEAK_CHUNK  4096 /* bytes from which on what was gathered is looked at */
#define CT_LEAK_BYTES  (2 * CT_LEAK_CHUNK)
#define CT_LEAK_PAGE   4096

/* What comes next. */
enum ct_leak_state {
	LEAK_DONE = 0,
	LEAK_LOAD,    /* fetch a batch of pieces */
	LEAK_MEASURE, /* add up their lengths */
	LEAK_GATHER,  /* bytes of pieces, until there are enough */
	LEAK_PROBE,   /* look at every step-th offset */
	LEAK_BACK,    /* from a known window to where the known ones begin */
	LEAK_FORWARD, /* from there to their end, looking for anchors */
	LEAK_CHECK,   /* whether an anchor's form is there */
	LEAK_CARRY,   /* take the end of the bytes to their start */
};

enum ct_leak_kind {
	LEAK_PIECES,   /* addresses and lengths */
	LEAK_STRINGS,  /* addresses of strings that end with 0 */
	LEAK_BLOCKS,   /* addresses of control blocks (io_submit) */
	LEAK_MESSAGES, /* headers of messages (sendmmsg) */
};

struct ct_leak_piece {
	__u64 base;
	__u64 len;
};

struct ct_leak_narrow_piece {
	__u32 base;
	__u32 len;
};

/* struct mmsghdr, and that of 32-bit programs. */
struct ct_leak_header {
	__u64 name, name_len, pieces, count, control, control_len, flags, sent;
};

struct ct_leak_narrow_header {
	__u32 name, name_len, pieces, count, control, control_len, flags, sent;
};

struct ct_leak_scratch {
	__u64 taken;

	/* Where the bytes come from. */
	__u64 array; /* of pieces: the next one that is not in the batch */
	__u64 start; /* of the array */
	__u64 base;  /* of the present piece: what is left of it */
	__u64 left;  /* its length */
	__u64 total; /* bytes of the whole operation, where it is known */
	__u64 inner; /* array of pieces in a control block */
	__u64 inner_count;
	__u64 skip;	    /* bytes between the first and the last part that is looked at */
	__u32 count;	    /* pieces in the array */
	__u32 pieces;	    /* of which are not in the batch yet */
	__u32 next, loaded; /* of the batch */
	__u32 budget;	    /* bytes of this part that are still to be gathered */
	__u32 tail;	    /* the budget of the last part */
	__u32 kind;	    /* enum ct_leak_kind */
	__u32 state;	    /* enum ct_leak_state */
	__u8 narrow;	    /* the array is one of a 32-bit program */
	__u8 kernel_array;
	__u8 kernel_bytes;
	__u8 measured; /* total is known */
	__u8 open;     /* how much there is, is seen only as it is gathered */
	__u8 ended;    /* nothing is left to be gathered */
	__u8 pad[2];

	/* Where in the bytes the look is. */
	__u32 filled;
	__u32 at;		/* the next probe */
	__u32 walk;		/* window from which the walk goes on */
	__u32 seen;		/* windows before this one need not be walked over again */
	__u64 passed;		/* bytes of the operation before the first of these */
	__u64 print;		/* fingerprint that was made last */
	struct ct_leak_sip sip; /* while it is made */

	/* What was found. */
	__u32 reason; /* enum ct_leak_reason; no match and no other: 0 */
	__u32 secret; /* 0: none */
	__u32 encoding;
	__u32 length;
	__u32 place;

	/* Who, and where to. */
	__u32 group;		      /* whose secrets count; 0: only those of the other */
	__u32 sink;		      /* enum ct_leak_sink */
	__u32 name_len;		      /* of the address that the message names */
	__u64 object;		      /* inode or struct sock */
	__u64 address;		      /* that the message names: kernel memory */
	__u64 name;		      /* for the event: kernel string, or 0 */
	struct ct_leak_sink_key peer; /* family 0: no internet address */
	__u32 also;

	union {
		struct ct_leak_piece piece[CT_LEAK_BATCH];
		struct ct_leak_narrow_piece narrow_piece[CT_LEAK_BATCH];
		__u64 string[CT_LEAK_BATCH];
		__u32 narrow_string[CT_LEAK_BATCH];
		struct ct_leak_header message;
		struct ct_leak_narrow_header narrow_message;
	};
	__u8 bytes[CT_LEAK_BYTES + CT_LEAK_WINDOW];
};

/* All taken: the operation is not looked at and is refused (CT_LEAK_REASON_BUSY), whatever `unscanned` says. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CT_LEAK_SLOTS);
	__type(key, __u32);
	__type(value, struct ct_leak_scratch);
} leak_scratch __weak SEC(".maps");

static __always_inline struct ct_leak_scratch *scratch_at(__u32 slot)
{
	return bpf_map_lookup_elem(&leak_scratch, &slot);
}

/*
 * Whoever finds 1 after adding one is alone with it: who was before it would have left at least 1, and who comes after
 * it finds more. Two at once may both find 2 and both go on to the next. 5.10 has no atomic operation that answers.
 */
static __always_inline bool scratch_take(struct ct_leak_scratch *s)
{
	__sync_fetch_and_add(&s->taken, 1);
	if (*(volatile __u64 *)&s->taken == 1)
		return true;
	__sync_fetch_and_add(&s->taken, -1);
	return false;
}

static __always_inline void scratch_give(struct ct_leak_scratch *s)
{
	__sync_fetch_and_add(&s->taken, -1);
}

/* The number of one that is taken now; CT_LEAK_SLOTS: none was free. */
__weak __noinline int ct_leak_take(__u32 from)
{
	struct ct_leak_scratch *s;

	for (int slot = 0; slot < CT_LEAK_SLOTS; slot++) {
		s = scratch_at(slot);
		if (s && slot >= (int)from && scratch_take(s))
			return slot;
	}
	return CT_LEAK_SLOTS;
}

#endif
