// SPDX-License-Identifier: Apache-2.0
/*
 * Loads (never attaches) the smallest valid BPF program of each type that can read other processes.
 * The road is the type; two types name a kernel function, found in the kernel's own BTF.
 */
#define _GNU_SOURCE
#include "btf.h"
#include "trigger.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void load(const struct aim *aim, const struct road *road, struct outcome *out)
{
	/* r0 = 0; exit */
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	/* A word on the stack, filled by bpf_probe_read_kernel from address 0: types that need no tracing can do it
	 * too. */
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
	/* The same of user memory. */
	static struct bpf_insn user_reader[COUNT(reader)];
	bool reads = !strncmp(road->name, "reader", 6), of_users = !strncmp(road->name, "user_reader", 11);
	union bpf_attr *attr = low_memory(sizeof(*attr));
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	char text[96];
	long fd;

	(void)aim;
	/* Before 5.11 programs count against the user's locked memory: what others hold would look like a refusal. */
	if (setrlimit(RLIMIT_MEMLOCK, &unlimited) && !geteuid())
		cannot_try("the limit on locked memory cannot be lifted");
	attr->prog_type = (unsigned int)road->number;
	memcpy(user_reader, reader, sizeof(reader));
	user_reader[5].imm = BPF_FUNC_probe_read_user;
	attr->insns = (unsigned long)(of_users ? user_reader : reads ? reader : program);
	attr->insn_cnt = reads || of_users ? COUNT(reader) : COUNT(program);
	attr->license = (unsigned long)"GPL";
	if (road->number == BPF_PROG_TYPE_SYSCALL)
		attr->prog_flags = BPF_F_SLEEPABLE;
	if (road->number == BPF_PROG_TYPE_TRACING)
		attr->expected_attach_type = BPF_TRACE_FENTRY;
	if (road->number == BPF_PROG_TYPE_LSM)
		attr->expected_attach_type = BPF_LSM_MAC;
	if (road->file)
		attr->attach_btf_id = function_id(road->file);

	if (road->compat) {
		fd = compat_syscall(357 /* bpf */, BPF_PROG_LOAD, (unsigned long)attr, sizeof(*attr), 0, 0);
	} else {
		fd = syscall(SYS_bpf, BPF_PROG_LOAD, attr, sizeof(*attr));
		fd = fd < 0 ? -errno : fd;
	}
	/* The verifier's word for a helper that it was not allowed to know. */
	if (fd == -EINVAL && !reads) {
		errno = EINVAL;
		cannot_try("this kernel has no such program type");
	}
	if (fd < 0) {
		refused(out, (int)-fd);
		return;
	}
	snprintf(text, sizeof(text), "%s program loaded as descriptor %ld", road->name, fd);
	succeeded(out, text, strlen(text));
}

#define TYPE(NAME, NUMBER)		{ .name = NAME, .live = 1, .attempt = load, .number = NUMBER }
#define TYPE_ON(NAME, NUMBER, FUNCTION) { .name = NAME, .live = 1, .attempt = load, .number = NUMBER, .file = FUNCTION }

static const struct road roads[] = {
	TYPE("kprobe", BPF_PROG_TYPE_KPROBE),
	TYPE("tracepoint", BPF_PROG_TYPE_TRACEPOINT),
	TYPE("raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT),
	TYPE("perf_event", BPF_PROG_TYPE_PERF_EVENT),
	TYPE_ON("tracing", BPF_PROG_TYPE_TRACING, "vfs_read"),
	TYPE_ON("lsm", BPF_PROG_TYPE_LSM, "bpf_lsm_file_open"),
	TYPE("syscall", BPF_PROG_TYPE_SYSCALL),
	TYPE("reader_socket_filter", BPF_PROG_TYPE_SOCKET_FILTER),
	TYPE("reader_sched_cls", BPF_PROG_TYPE_SCHED_CLS),
	TYPE("reader_xdp", BPF_PROG_TYPE_XDP),
	TYPE("user_reader_socket_filter", BPF_PROG_TYPE_SOCKET_FILTER),
	TYPE("user_reader_cgroup", BPF_PROG_TYPE_CGROUP_SKB),
	{ .name = "compat", .live = 1, .attempt = load, .number = BPF_PROG_TYPE_KPROBE, .compat = 1 },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "bpf_load", roads, COUNT(roads));
}
