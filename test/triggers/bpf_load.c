// SPDX-License-Identifier: Apache-2.0
/*
 * Loads (never attaches) the smallest valid BPF program of each type that can read other processes.
 * The road is the type, or how it reads; two types name a kernel function, found in the kernel's own BTF.
 */
#define _GNU_SOURCE
#include "btf.h"
#include "programs.h"
#include "trigger.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/bpf.h of 7.x. */
#define COMMON_ATTRIBUTES (1U << 16)

static void load(const struct aim *aim, const struct road *road, struct outcome *out)
{
	/* r0 = 0; exit */
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	static struct bpf_insn reading[LONGEST_PROGRAM];
	static const char common[24];
	size_t length = 0;
	union bpf_attr *attr = low_memory(sizeof(*attr));
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	char text[96];
	long fd;

	(void)aim;
	/* Before 5.11 programs count against the user's locked memory: what others hold would look like a refusal. */
	if (setrlimit(RLIMIT_MEMLOCK, &unlimited) && !geteuid())
		cannot_try("the limit on locked memory cannot be lifted");
	if (road->argument)
		length = reading_program(road->argument, reading);
	attr->prog_type = (unsigned int)road->number;
	attr->insns = (unsigned long)(length > 0 ? reading : program);
	attr->insn_cnt = (unsigned int)(length > 0 ? length : COUNT(program));
	attr->license = (unsigned long)"GPL";
	if (road->number == BPF_PROG_TYPE_SYSCALL)
		attr->prog_flags = BPF_F_SLEEPABLE;
	if (road->number == BPF_PROG_TYPE_TRACING)
		attr->expected_attach_type = BPF_TRACE_FENTRY;
	if (road->number == BPF_PROG_TYPE_LSM)
		attr->expected_attach_type = BPF_LSM_MAC;
	if (road->number == BPF_PROG_TYPE_CGROUP_SOCKOPT)
		attr->expected_attach_type = BPF_CGROUP_SETSOCKOPT;
	if (road->file)
		attr->attach_btf_id = function_id(road->file);

	if (road->compat) {
		fd = compat_syscall(357 /* bpf */, BPF_PROG_LOAD, (unsigned long)attr, sizeof(*attr), 0, 0);
	} else {
		/* With more attributes, of which none is set: a flag in the command says that there are some. */
		fd = syscall(SYS_bpf, road->in_task ? BPF_PROG_LOAD | COMMON_ATTRIBUTES : BPF_PROG_LOAD, attr,
			     sizeof(*attr), common, sizeof(common));
		fd = fd < 0 ? -errno : fd;
	}
	/* The verifier's word also for a helper that it was not allowed to know. */
	if (fd == -EINVAL && strcmp(road->argument ? road->argument : "", "reader")) {
		errno = EINVAL;
		cannot_try("this kernel has no such program type, or no such call");
	}
	if (fd < 0) {
		refused(out, (int)-fd);
		return;
	}
	snprintf(text, sizeof(text), "%s program loaded as descriptor %ld", road->name, fd);
	succeeded(out, text, strlen(text));
}

#define SWITCHES_ON "where it is let in, the kernel switches an event of its tracer on"

#define TYPE(NAME, NUMBER)	 { .name = NAME, .live = 1, .attempt = load, .number = NUMBER }
#define READS(NAME, WAY, NUMBER) { .name = NAME, .live = 1, .attempt = load, .number = NUMBER, .argument = WAY }
#define PRINTS(NAME, WAY, NUMBER)                                                                                      \
	{ .not_live = SWITCHES_ON, .name = NAME, .attempt = load, .number = NUMBER, .argument = WAY }
#define TYPE_ON(NAME, NUMBER, FUNCTION) { .name = NAME, .live = 1, .attempt = load, .number = NUMBER, .file = FUNCTION }

static const struct road roads[] = {
	TYPE("kprobe", BPF_PROG_TYPE_KPROBE),
	TYPE("tracepoint", BPF_PROG_TYPE_TRACEPOINT),
	TYPE("raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT),
	TYPE("perf_event", BPF_PROG_TYPE_PERF_EVENT),
	TYPE_ON("tracing", BPF_PROG_TYPE_TRACING, "vfs_read"),
	TYPE_ON("lsm", BPF_PROG_TYPE_LSM, "bpf_lsm_file_open"),
	TYPE("syscall", BPF_PROG_TYPE_SYSCALL),
	/* What goes through kTLS in plain, and the keys that are set, is in their context. */
	TYPE("sk_skb", BPF_PROG_TYPE_SK_SKB),
	TYPE("sk_msg", BPF_PROG_TYPE_SK_MSG),
	TYPE("cgroup_sockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT),
	READS("reader_socket_filter", "reader", BPF_PROG_TYPE_SOCKET_FILTER),
	READS("reader_sched_cls", "reader", BPF_PROG_TYPE_SCHED_CLS),
	READS("reader_xdp", "reader", BPF_PROG_TYPE_XDP),
	READS("user_reader_socket_filter", "user_reader", BPF_PROG_TYPE_SOCKET_FILTER),
	READS("user_reader_cgroup", "user_reader", BPF_PROG_TYPE_CGROUP_SKB),
	PRINTS("printk_socket_filter", "printk", BPF_PROG_TYPE_SOCKET_FILTER),
	PRINTS("vprintk_cgroup", "vprintk", BPF_PROG_TYPE_CGROUP_SKB),
	READS("print_socket_filter", "print", BPF_PROG_TYPE_SOCKET_FILTER),
	READS("print_type_sched_cls", "print_type", BPF_PROG_TYPE_SCHED_CLS),
	READS("compare_socket_filter", "compare", BPF_PROG_TYPE_SOCKET_FILTER),
	READS("signal_socket_filter", "signal", BPF_PROG_TYPE_SOCKET_FILTER),
	READS("cast_socket_filter", "cast", BPF_PROG_TYPE_SOCKET_FILTER),
	{ .name = "flagged",
	  .live = 1,
	  .attempt = load,
	  .number = BPF_PROG_TYPE_SOCKET_FILTER,
	  .argument = "user_reader",
	  .in_task = 1 },
	READS("cast_in_function", "cast_in_function", BPF_PROG_TYPE_SOCKET_FILTER),
	{ .name = "compat", .live = 1, .attempt = load, .number = BPF_PROG_TYPE_KPROBE, .compat = 1 },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "bpf_load", roads, COUNT(roads));
}
