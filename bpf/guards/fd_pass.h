/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * chan_fd_pass: memory leaves a protected process as a descriptor in a message: a memfd, a memfd_secret, mem of a
 * process. Who gets it is not asked, since a socket can be handed on too. A second thread may exchange a descriptor
 * between our look and the kernel's: a race that is left. Control data are the kernel's copy; what cannot be read of
 * them counts as memory, and a file whose name cannot be read (but it can) as none.
 */
#ifndef CT_GUARD_FD_PASS_H
#define CT_GUARD_FD_PASS_H

#include "../vmlinux_net.h"
#include "name.h"
#include "own_act.h"
#include "procfs.h"

#define AF_UNIX		1
#define SOL_SOCKET	1
#define SCM_RIGHTS	1
#define TMPFS_MAGIC	0x01021994
#define HUGETLBFS_MAGIC 0x958458f6
#define SECRETMEM_MAGIC 0x5345434d

#define PASSED_MOST 96 /* headers and descriptors of one message that are looked at */

struct ct_control_header {
	__u64 len;
	__s32 level, type;
};

/* A file in memory without a name: memfd_create, O_TMPFILE on tmpfs, or unlinked there. */
static __always_inline bool is_nameless_memory(struct inode *inode, unsigned long magic)
{
	return (magic == TMPFS_MAGIC || magic == HUGETLBFS_MAGIC) && !BPF_CORE_READ(inode, i_nlink);
}

/* enum ct_fd_pass_road, 0 if it is no memory. Global, as are the next ones, so that the verifier looks at it once. */
__weak __noinline int ct_memory_behind(__u32 descriptor)
{
	struct file *file = file_of_descriptor(descriptor);
	struct inode *inode = file ? BPF_CORE_READ(file, f_inode) : NULL;
	unsigned long magic = inode ? BPF_CORE_READ(inode, i_sb, s_magic) : 0;
	const unsigned char *name;
	__u32 text = 0;

	if (magic == SECRETMEM_MAGIC)
		return CT_FD_PASS_ROAD_SECRET;
	if (inode && is_nameless_memory(inode, magic))
		return CT_FD_PASS_ROAD_MEMFD;
	if (magic != PROC_SUPER_MAGIC)
		return 0;
	name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	bpf_probe_read_kernel(&text, sizeof(text), name);
	return text == ('m' | 'e' << 8 | 'm' << 16) ? CT_FD_PASS_ROAD_MEM : 0;
}

/*
 * One step through a message's control data: a descriptor, or the header before some. state: where we are, in the upper
 * half, and where this header's data end; 0 at first. The next state; or, without an upper half, that is the end, and
 * enum ct_fd_pass_road, 0 if there was none. What the kernel would refuse as malformed is left to it.
 */
__weak __noinline __u64 ct_pass_on(__u64 control, __u64 length, __u64 state)
{
	__u64 at = state >> 32, end = (__u32)state;
	struct ct_control_header header;
	__u32 descriptor, found;

	if (at + sizeof(descriptor) <= end) {
		if (bpf_probe_read_kernel(&descriptor, sizeof(descriptor), (void *)(control + at)))
			return CT_FD_PASS_ROAD_MANY;
		found = ct_memory_behind(descriptor);
		return found ? found : (at + sizeof(descriptor)) << 32 | end;
	}
	at = (end + 7) & ~7ULL;
	if (at + sizeof(header) > length)
		return 0;
	if (bpf_probe_read_kernel(&header, sizeof(header), (void *)(control + at)))
		return CT_FD_PASS_ROAD_MANY;
	if (header.len < sizeof(header) || header.len > length - at)
		return 0;
	end = at + header.len;
	at = header.level == SOL_SOCKET && header.type == SCM_RIGHTS ? at + sizeof(header) : end;
	return at << 32 | end;
}

/* enum ct_fd_pass_road, 0 if none. The kernel takes control data of less than 2 GiB. */
__weak __noinline int ct_memory_passed(__u64 control, __u64 length)
{
	__u64 state = 0;

	for (int i = 0; i < PASSED_MOST; i++) {
		state = ct_pass_on(control, length, state);
		if (!(state >> 32))
			return state;
	}
	return CT_FD_PASS_ROAD_MANY;
}

/*
 * sendmmsg asks its hook once for messages in a row that go to the same name: control data of a later one are not
 * looked at. enum ct_fd_pass_road, 0 if there are none. A header in memory that is not there now cannot be read here,
 * and counts as one with control data.
 */
__weak __noinline int ct_control_follows(void)
{
	struct ct_syscall call;
	__u32 count, step;
	__u64 at, length;
	bool narrow;

	current_syscall(&call);
	/* Where its messages are, and how many, lies in memory that may be another by now. */
	if (call.compat && call.nr == NR32_SOCKETCALL && (__u32)call.arg0 == SOCKETCALL_SENDMMSG)
		return CT_FD_PASS_ROAD_MANY;
	narrow = call.compat || call.nr & X32_BIT;
	if (call.nr < 0 || call.nr != (call.compat ? NR32_SENDMMSG
				       : narrow	   ? (NR_X32_SENDMMSG | X32_BIT)
						   : NR_SENDMMSG))
		return 0;
	count = BPF_CORE_READ(current_regs(), REG_ARG2);
	/* msg_controllen in struct mmsghdr, and in that of 32-bit programs. */
	at = call.arg1 + (narrow ? 20 : 40);
	step = narrow ? 32 : 64;
	for (__u32 i = 1; i < PASSED_MOST; i++) {
		if (i >= count)
			return 0;
		at += step;
		length = 0;
		if (bpf_probe_read_user(&length, narrow ? 4 : 8, (void *)at) || length)
			return CT_FD_PASS_ROAD_MANY;
	}
	return CT_FD_PASS_ROAD_MANY;
}

static __always_inline void guard_fd_pass(struct sock *sk, struct msghdr *msg, const struct ct_scope *me,
					  struct ct_attempt *attempt)
{
	unsigned long length = LOAD(msg, msg_controllen);
	__u32 road = 0;

	if (LOAD(sk, __sk_common.skc_family) != AF_UNIX)
		return;
	if (length)
		road = ct_memory_passed((__u64)BPF_CORE_READ(msg, msg_control), length);
	if (!road && LOAD(msg, msg_name))
		road = ct_control_follows();
	if (road)
		own_act(CT_VECTOR_CHAN_FD_PASS, road, me, attempt);
}

#endif
