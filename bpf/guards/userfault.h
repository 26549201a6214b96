/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * chan_userfault, and chan_io_uring at its beginning: a protected process makes one of the files without a name that
 * the kernel calls [userfaultfd] and [io_uring], by system call or by /dev/userfaultfd. Nobody else can give a file of
 * that file system a name. Before the hook at which they are made, the first use of one is what is seen.
 */
#ifndef CT_GUARD_USERFAULT_H
#define CT_GUARD_USERFAULT_H

#include "ring.h"

/* The kernel's text, longer than a name inside a dentry may be on some. Cannot be read (but it can): neither. */
static __always_inline bool is_anon(const unsigned char *name, const char *wanted)
{
	char text[16] = {};

	bpf_probe_read_kernel_str(text, sizeof(text), name);
	return !__builtin_memcmp(text, wanted, sizeof(text));
}

/* As long as what is compared. */
#define RING_NAME  "[io_uring]\0\0\0\0\0"
#define FAULT_NAME "[userfaultfd]\0\0"

/* A file is about to be made. */
static __always_inline void guard_anon(const unsigned char *name, const struct ct_scope *me, struct ct_attempt *attempt)
{
	if (is_anon(name, RING_NAME))
		own_act(CT_VECTOR_CHAN_IO_URING, CT_RING_ROAD_SETUP, me, attempt);
	else if (is_anon(name, FAULT_NAME))
		own_act(CT_VECTOR_CHAN_USERFAULT, CT_USERFAULT_ROAD_CREATE, me, attempt);
}

/* A file of that kind, which is there, is mapped. */
static __always_inline void guard_ring_map(struct file *file, struct ct_attempt *attempt)
{
	struct ct_scope *me = own_scope();

	/* The canary's attacker maps BPF maps here. */
	if (!me || me->role & CT_ROLE_PROBER || !is_anon(BPF_CORE_READ(file, f_path.dentry, d_name.name), RING_NAME))
		return;
	own_act(CT_VECTOR_CHAN_IO_URING, CT_RING_ROAD_MAP, me, attempt);
	attempt->burst = true;
}

/* One that was there before protection began, or was made where the kernel has no hook for that, is used. */
static __always_inline void guard_userfault_use(struct file *file, struct ct_attempt *attempt)
{
	struct ct_scope *me = own_scope();

	if (!me || !is_anon(BPF_CORE_READ(file, f_path.dentry, d_name.name), FAULT_NAME))
		return;
	own_act(CT_VECTOR_CHAN_USERFAULT, CT_USERFAULT_ROAD_USE, me, attempt);
	attempt->burst = true;
}

#endif
