/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * preload: code from outside the root of a protected process comes in because of LD_PRELOAD, LD_AUDIT or
 * LD_LIBRARY_PATH. Asked when the loader maps it: the environment has been copied by the kernel, only the loader has
 * run, and nobody else can write there. Outside is another mount than those of its root and of its executable. An
 * environment that cannot be read counts as one with such a variable.
 */
#ifndef CT_GUARD_PRELOAD_H
#define CT_GUARD_PRELOAD_H

#include "../verdict.h"

#define PROT_READ	  1
#define READ_IMPLIES_EXEC 0x0400000
/* More than that is taken for one of ours: the verifier wants an end. */
#define PARTS_OF_VARIABLES 16
#define VARIABLES_PER_PART 32
#define LIST_GOES_ON	   0xff /* none of enum ct_preload_variable */

static __always_inline __u64 word(const char text[8])
{
	__u64 value;

	__builtin_memcpy(&value, text, sizeof(value));
	return value;
}

/* 1 or 0 without a branch, of which the verifier would walk both sides in each of many rounds. */
static __always_inline __u32 same(__u64 one, __u64 other)
{
	__u64 differ = one ^ other;

	differ |= -differ;
	asm volatile("" : "+r"(differ));
	return 1 ^ (__u32)(differ >> 63);
}

static __always_inline __u32 variable_named(const __u64 start[3])
{
	return CT_PRELOAD_VARIABLE_PRELOAD *
		       (same(start[0], word("LD_PRELO")) & same(start[1] << 40, word("\0\0\0\0\0AD="))) +
	       CT_PRELOAD_VARIABLE_AUDIT *
		       (same(start[0], word("LD_AUDIT")) & same(start[1] << 56, word("\0\0\0\0\0\0\0="))) +
	       CT_PRELOAD_VARIABLE_LIBRARY_PATH * (same(start[0], word("LD_LIBRA")) & same(start[1], word("RY_PATH=")));
}

/*
 * The first such variable of some of the process's own, from the address on; 0: the list has ended;
 * LIST_GOES_ON: it goes on. Eight bytes are read where four would do: above the pointers lie what they
 * point to. A global function, so that the verifier walks this loop once and not for each part of the list.
 */
__weak __noinline int ct_loader_variable(__u64 at, __u64 pointer, __u32 size)
{
	__u64 text = 0, start[3] = {};
	__u32 found;

	for (int i = 0; i < VARIABLES_PER_PART; i++) {
		if (bpf_probe_read_user(&text, sizeof(text), (void *)at))
			return CT_PRELOAD_VARIABLE_UNKNOWN;
		text &= pointer;
		if (!text)
			return 0;
		/* A text that ends early leaves of the one before what its end does not cover: none of our names has
		 * one. */
		if (bpf_probe_read_user_str(start, 17, (void *)text) < 0)
			return CT_PRELOAD_VARIABLE_UNKNOWN;
		found = variable_named(start);
		if (found)
			return found;
		at += size;
	}
	return LIST_GOES_ON;
}

static __always_inline __u32 loader_variable(struct mm_struct *mm, bool compat)
{
	__u64 at = BPF_CORE_READ(mm, start_stack), pointer = compat ? 0xffffffff : ~0ULL, text = 0;
	__u32 size = compat ? 4 : 8, found;

	if (!at || bpf_probe_read_user(&text, sizeof(text), (void *)at))
		return CT_PRELOAD_VARIABLE_UNKNOWN;
	at += size * ((text & pointer) + 2);
	for (int i = 0; i < PARTS_OF_VARIABLES; i++) {
		found = ct_loader_variable(at, pointer, size);
		if (found != LIST_GOES_ON)
			return found;
		at += size * VARIABLES_PER_PART;
	}
	return CT_PRELOAD_VARIABLE_UNKNOWN;
}

/*
 * Whoever has a library open for writing can change its code while it runs, through a descriptor that no open shows any
 * more. Files without a name are those in which a program writes code of its own. Of a file on an overlay this tells of
 * the overlay, not of the file below.
 */
static __always_inline bool is_open_to_write(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	return BPF_CORE_READ(inode, i_writecount.counter) > 0 && BPF_CORE_READ(inode, i_nlink);
}

/* For a file that is about to be mapped for execution. */
static __always_inline void guard_preload(struct file *file, struct ct_attempt *attempt)
{
	struct ct_scope *me = scope_of(current_leader());
	struct task_struct *task;
	struct ct_syscall call;
	struct mm_struct *mm;
	__u64 from;

	if (!me || !(me->role & CT_ROLE_PROTECTED))
		return;
	task = (void *)current_task();
	mm = BPF_CORE_READ(task, mm);
	/* Still in exec: it is the image itself or its loader. */
	if (!BPF_CORE_READ(mm, env_end))
		return;
	if (is_open_to_write(file)) {
		attempt->arg[0] = CT_PRELOAD_VARIABLE_OPEN_TO_WRITE;
	} else {
		from = (__u64)BPF_CORE_READ(file, f_path.mnt);
		if (from == (__u64)BPF_CORE_READ(task, fs, root.mnt) ||
		    from == (__u64)BPF_CORE_READ(mm, exe_file, f_path.mnt))
			return;
		current_syscall(&call);
		attempt->arg[0] = loader_variable(mm, call.compat);
	}
	if (!attempt->arg[0])
		return;
	attempt->vector = CT_VECTOR_PRELOAD;
	attempt->target = (__u64)task;
	attempt->own = true;
	attempt->name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
}

#endif
