/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * leak_*: content is looked at in programs of an object of their own, loaded with the first secret. A door ends in the
 * room behind it, a program of the same hook, by a tail call; an empty room is none, and the door goes on. One array
 * each, since from 6.12 on the kernel puts programs of different hooks into none together.
 */
#ifndef CT_GUARD_ROOM_H
#define CT_GUARD_ROOM_H

#include "own_act.h"
#include "pin_remove.h"

#ifdef CT_FORM_SIGNAL

/* What was written cannot be taken back: in this form there are no rooms. */
#define LEAK_ROOM(hook)		 struct ct_no_room_##hook
#define ENTER_ROOM(vector, hook) ((void)(vector))

#else

/* A room without a program, or an update that fails: nothing is looked at there, and user space does not say it is. */
#define LEAK_ROOM(hook)                                                                                                \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);                                                                 \
		__uint(max_entries, 1);                                                                                \
		__type(key, __u32);                                                                                    \
		__type(value, __u32);                                                                                  \
	} room_##hook __weak SEC(".maps")
/*
 * vector: what may be found there. A tail call that fails comes back, and the door goes on as if there were no room: so
 * it is with an empty one, and would be beyond the kernel's 33 calls in a row, of which this is the only one.
 */
#define ENTER_ROOM(vector, hook) ((void)(vector), bpf_tail_call(ctx, &room_##hook, 0))

#endif

/*
 * For doors that are there for leaks alone. Whether the caller is one whose content is looked at; the canary's prober
 * is not, and is refused.
 */
static __always_inline bool may_leak(__u32 vector, struct ct_attempt *attempt)
{
	struct ct_scope *me = own_scope();

	if (!me)
		return false;
	if (!(me->role & CT_ROLE_PROBER))
		return true;
	own_act(vector, 0, me, attempt);
	return false;
}

/* The same for names. The prober needs names on bpffs to make its attempts at other doors. */
static __always_inline bool may_leak_name(struct inode *dir, struct ct_attempt *attempt)
{
	if (may_leak(CT_VECTOR_LEAK_NAME, attempt))
		return true;
	if (LOAD(dir, i_sb, s_magic) == BPF_FS_MAGIC)
		attempt->vector = CT_VECTOR_NONE;
	return false;
}

#endif
