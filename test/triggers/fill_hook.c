// SPDX-License-Identifier: Apache-2.0
/*
 * Takes the places at a hook: attaches LSM programs that allow everything to a function of the kernel, until it takes
 * no more. Prints how many there are and the errno of the next, and holds them until its standard input ends. fill_hook
 * FUNCTION MOST
 */
#define _GNU_SOURCE
#include "btf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 0, or why there is not one more. */
static int add_one(unsigned int function)
{
	/* r0 = 0; exit */
	static const struct bpf_insn allow[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_LSM,
		.insns = (unsigned long)allow,
		.insn_cnt = sizeof(allow) / sizeof(*allow),
		.license = (unsigned long)"GPL",
		.expected_attach_type = BPF_LSM_MAC,
		.attach_btf_id = function,
	};
	union bpf_attr attach = {};
	long program = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));

	if (program < 0)
		return errno;
	attach.raw_tracepoint.prog_fd = (unsigned int)program;
	return syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attach, sizeof(attach)) < 0 ? errno : 0;
}

int main(int argc, char **argv)
{
	long most = argc == 3 ? strtol(argv[2], NULL, 10) : 0, made = 0;
	unsigned int function;
	int error = 0;
	char end;

	if (most <= 0) {
		fprintf(stderr, "usage: fill_hook FUNCTION MOST\n");
		return 2;
	}
	function = function_id(argv[1]);
	while (made < most && !(error = add_one(function)))
		made++;
	printf("{\"attached\":%ld,\"errno\":%d}\n", made, error);
	fflush(stdout);
	while (read(STDIN_FILENO, &end, 1) > 0)
		;
	return 0;
}
