// SPDX-License-Identifier: Apache-2.0
/*
 * The prober's attempt at the lockdown hook. A kernel that is locked down for integrity refuses ports itself, before
 * it asks an LSM program, so that the door would not be called: there it takes a question that integrity lets pass.
 */
#define _GNU_SOURCE
#include "lockdown.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#ifdef __x86_64__
#include <sys/io.h>
#endif
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A socket filter that would read kernel memory at address 0, loaded, run by nothing and closed at once. The verifier
 * asks the hook when it meets the call. Refused, the helper does not exist for it, which it says with EINVAL.
 */
static int load_reader(void)
{
	static const struct bpf_insn reader[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (unsigned long)reader;
	attr.insn_cnt = sizeof(reader) / sizeof(reader[0]);
	attr.license = (unsigned long)"GPL";
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return errno == EINVAL ? EPERM : errno;
	close(fd);
	return 0;
}

#ifdef __x86_64__
/* Unguarded: one port of no consequence (0x80, the firmware's progress code) is lent and given back. */
int probe_locked_down(void)
{
	if (ioperm(0x80, 1, 1))
		return errno == EPERM ? load_reader() : errno;
	ioperm(0x80, 1, 0);
	return 0;
}
#else
/* No ports there. */
int probe_locked_down(void)
{
	return load_reader();
}
#endif
