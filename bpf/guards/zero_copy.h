/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * chan_splice: data moves between descriptors of a protected process without passing its memory, so that nobody can
 * look at it. Whole files on disk may go so, since what came into them was written. Refused with EINVAL, on which
 * programs read and write instead.
 */
#ifndef CT_GUARD_ZERO_COPY_H
#define CT_GUARD_ZERO_COPY_H

#include "fd_pass.h"

#define MAY_WRITE    2
#define MAY_READ     4
#define SB_KERNMOUNT (1UL << 22)

/*
 * enum ct_zero_copy_road of the system call, 0 for all others. tee and splice between pipes pass no hook. A global
 * function, as in allow.h.
 */
__weak __noinline int ct_zero_copy_road(void)
{
	struct ct_syscall call;

	current_syscall(&call);
	if (call.nr < 0)
		return 0;
	switch (call.compat ? call.nr : call.nr & ~X32_BIT) {
	case NR_SPLICE: return call.compat ? 0 : CT_ZERO_COPY_ROAD_SPLICE;
	case NR32_SPLICE: return call.compat ? CT_ZERO_COPY_ROAD_SPLICE : 0;
	case NR_SENDFILE: return call.compat ? 0 : CT_ZERO_COPY_ROAD_SENDFILE;
	case NR32_SENDFILE:
	case NR32_SENDFILE64: return call.compat ? CT_ZERO_COPY_ROAD_SENDFILE : 0;
	case NR_COPY_RANGE: return call.compat ? 0 : CT_ZERO_COPY_ROAD_COPY_FILE_RANGE;
	case NR32_COPY_RANGE: return call.compat ? CT_ZERO_COPY_ROAD_COPY_FILE_RANGE : 0;
	}
	return 0;
}

/*
 * Memory of memfd_create() lies on a mount of the kernel's own. A file without a name on a mounted tmpfs is a temporary
 * file like any other: services send from those.
 */
static __always_inline bool is_memfd(struct inode *inode, unsigned long magic)
{
	return (magic == TMPFS_MAGIC || magic == HUGETLBFS_MAGIC) && BPF_CORE_READ(inode, i_sb, s_flags) & SB_KERNMOUNT;
}

static __always_inline bool is_file_on_disk(struct inode *inode)
{
	unsigned long magic = BPF_CORE_READ(inode, i_sb, s_magic);

	return (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFREG && magic != PROC_SUPER_MAGIC &&
	       !is_memfd(inode, magic);
}

static __always_inline void guard_zero_copy(struct file *file, int mask, const struct ct_scope *me,
					    struct ct_attempt *attempt)
{
	__u32 road = ct_zero_copy_road();

	if (!road)
		return;
	/* The source is the file that is read. */
	if (road != CT_ZERO_COPY_ROAD_SPLICE && (!(mask & MAY_READ) || is_file_on_disk(BPF_CORE_READ(file, f_inode))))
		return;
	own_act(CT_VECTOR_CHAN_SPLICE, road, me, attempt);
	attempt->error = EINVAL;
	attempt->burst = true;
}

#endif
