// SPDX-License-Identifier: Apache-2.0
/* See filter.h. */
#define _GNU_SOURCE
#include "filter.h"
#include "objects.h"
#include "trigger.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_ATTACH_BPF
#define SO_ATTACH_BPF 50
#endif

#define MOVE(TO, FROM)	   { .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = TO, .src_reg = FROM }
#define SET(TO, NUMBER)	   { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = TO, .imm = (int)(NUMBER) }
#define ADD(TO, NUMBER)	   { .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = TO, .imm = NUMBER }
#define ON_STACK(AT, WORD) { .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .off = AT, .imm = (int)(WORD) }
#define STORE(AT, FROM)	   { .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = AT, .src_reg = FROM }
#define CALL(HELPER)	   { .code = BPF_JMP | BPF_CALL, .imm = HELPER }
#define EXIT		   { .code = BPF_JMP | BPF_EXIT }
/* Two instructions long. */
#define MAP(TO, FD)                                                                                                    \
	{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = TO, .src_reg = BPF_PSEUDO_MAP_FD, .imm = FD }, { .code = 0 }
#define UNLESS(REGISTER, SKIP) { .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = REGISTER, .off = SKIP }

/* Leaves in `own`, at 0, what the update answered, and 1 more: 0 is that it was never made. */
static long load_writer(int own, int map, int outer, unsigned int key, unsigned int value)
{
	struct bpf_insn inner[] = {
		MAP(BPF_REG_1, map),	    MOVE(BPF_REG_2, BPF_REG_10),
		ADD(BPF_REG_2, -4),	    CALL(BPF_FUNC_map_lookup_elem),
		UNLESS(BPF_REG_0, 1),	    EXIT,
		MOVE(BPF_REG_1, BPF_REG_0),
	};
	struct bpf_insn itself[] = { MAP(BPF_REG_1, map) };
	struct bpf_insn before[] = {
		ON_STACK(-4, 0),
		MAP(BPF_REG_1, own),
		MOVE(BPF_REG_2, BPF_REG_10),
		ADD(BPF_REG_2, -4),
		CALL(BPF_FUNC_map_lookup_elem),
		UNLESS(BPF_REG_0, 1),
		EXIT,
		MOVE(BPF_REG_6, BPF_REG_0),
	};
	struct bpf_insn after[] = {
		ON_STACK(-8, key),	     ON_STACK(-12, value),
		MOVE(BPF_REG_2, BPF_REG_10), ADD(BPF_REG_2, -8),
		MOVE(BPF_REG_3, BPF_REG_10), ADD(BPF_REG_3, -12),
		SET(BPF_REG_4, BPF_ANY),     CALL(BPF_FUNC_map_update_elem),
		ADD(BPF_REG_0, 1),	     STORE(BPF_REG_6, BPF_REG_0),
		SET(BPF_REG_0, 1),	     EXIT,
	};
	struct bpf_insn program[COUNT(before) + COUNT(inner) + COUNT(after)];
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER };
	size_t middle = outer ? sizeof(inner) : sizeof(itself);
	char *at = (char *)program;

	memcpy(at, before, sizeof(before));
	memcpy(at + sizeof(before), outer ? inner : itself, middle);
	memcpy(at + sizeof(before) + middle, after, sizeof(after));
	load.insns = (unsigned long)program;
	load.insn_cnt = (unsigned int)((sizeof(before) + middle + sizeof(after)) / sizeof(program[0]));
	load.license = (unsigned long)"GPL";
	return bpf_call(0, BPF_PROG_LOAD, &load, sizeof(load));
}

static void run_for_a_byte(int program)
{
	int line[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, line) ||
	    setsockopt(line[1], SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)) || write(line[0], "", 1) != 1)
		cannot_try("the program was loaded and does not run");
	close(line[0]);
	close(line[1]);
}

long write_by_program(int map, int outer, unsigned int key, unsigned int value)
{
	unsigned int zero = 0, answer = 0;
	int own = make_map(BPF_MAP_TYPE_ARRAY, 4, 1);
	union bpf_attr look = {};
	long program;

	if (own < 0)
		cannot_try("no map of its own");
	program = load_writer(own, map, outer, key, value);
	if (program < 0)
		return program;
	run_for_a_byte((int)program);
	look.map_fd = (unsigned int)own;
	look.key = (unsigned long)&zero;
	look.value = (unsigned long)&answer;
	if (bpf_call(0, BPF_MAP_LOOKUP_ELEM, &look, sizeof(look)) || !answer)
		cannot_try("the program ran and did not write");
	return (long)(int)(answer - 1);
}
