// SPDX-License-Identifier: Apache-2.0
/* See programs.h. */
#define _GNU_SOURCE
#include "programs.h"
#include "btf.h"
#include "objects.h"
#include "trigger.h"

#include <string.h>

#define MOVE(TO, FROM)	     { .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = TO, .src_reg = FROM }
#define SET(TO, NUMBER)	     { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = TO, .imm = (int)(NUMBER) }
#define ADD(TO, NUMBER)	     { .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = TO, .imm = NUMBER }
#define EMPTY(AT)	     { .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = AT }
#define CALL(SOURCE, NUMBER) { .code = BPF_JMP | BPF_CALL, .src_reg = SOURCE, .imm = (int)(NUMBER) }
#define EXIT		     { .code = BPF_JMP | BPF_EXIT }

#define OWN_FUNCTION	1
#define KERNEL_FUNCTION 2
#define MAP_VALUE	2

/* From linux/bpf.h of later kernels. */
#define CALL_SNPRINTF_BTF 149
#define CALL_SNPRINTF	  165
#define CALL_VPRINTK	  177
#define RDONLY_PROG	  (1U << 7)

/* A text that cannot change any more, as bpf_snprintf() wants its format. */
static int constant_text(void)
{
	union bpf_attr make = { .map_type = BPF_MAP_TYPE_ARRAY };
	union bpf_attr freeze = { 0 }, update = { 0 };
	static const unsigned int key;
	static const char text[8] = "a word";
	int map;

	make.key_size = 4;
	make.value_size = sizeof(text);
	make.max_entries = 1;
	make.map_flags = RDONLY_PROG;
	map = (int)bpf_call(0, BPF_MAP_CREATE, &make, sizeof(make));
	update.map_fd = (unsigned int)map;
	update.key = (unsigned long)&key;
	update.value = (unsigned long)text;
	freeze.map_fd = (unsigned int)map;
	if (map < 0 || bpf_call(0, BPF_MAP_UPDATE_ELEM, &update, sizeof(update)) ||
	    bpf_call(0, BPF_MAP_FREEZE, &freeze, sizeof(freeze)))
		cannot_try("no map for a constant text");
	return map;
}

/* With eight bytes of stack, and their length, as what most want first. */
static size_t by_helper(struct bpf_insn *into, const struct bpf_insn third[2], int fourth, int helper)
{
	const struct bpf_insn program[] = {
		EMPTY(-8),	   EMPTY(-16),	      EMPTY(-24), MOVE(BPF_REG_1, BPF_REG_10), ADD(BPF_REG_1, -8),
		SET(BPF_REG_2, 8), third[0],	      third[1],	  SET(BPF_REG_4, fourth),      SET(BPF_REG_5, 0),
		CALL(0, helper),   SET(BPF_REG_0, 0), EXIT,
	};

	memcpy(into, program, sizeof(program));
	return COUNT(program);
}

/* Any number becomes a typed pointer, which may be followed: in the program itself, or in a function of it. */
static size_t by_cast(struct bpf_insn *into, int in_function)
{
	const struct bpf_insn program[] = {
		CALL(OWN_FUNCTION, 2),
		SET(BPF_REG_0, 0),
		EXIT,
		SET(BPF_REG_1, 0),
		SET(BPF_REG_2, structure_id("task_struct")),
		CALL(KERNEL_FUNCTION, function_id("bpf_rdonly_cast")),
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_0 },
		SET(BPF_REG_0, 0),
		EXIT,
	};
	size_t first = in_function ? 0 : 3;

	memcpy(into, program + first, sizeof(program) - first * sizeof(program[0]));
	return COUNT(program) - first;
}

static size_t by_kernel_function(struct bpf_insn *into, const char *function)
{
	const struct bpf_insn program[] = {
		SET(BPF_REG_1, 0),
		SET(BPF_REG_2, 0),
		CALL(KERNEL_FUNCTION, function_id(function)),
		SET(BPF_REG_0, 0),
		EXIT,
	};

	memcpy(into, program, sizeof(program));
	return COUNT(program);
}

size_t reading_program(const char *way, struct bpf_insn into[LONGEST_PROGRAM])
{
	const struct bpf_insn nothing[] = { SET(BPF_REG_3, 0), SET(BPF_REG_3, 0) };
	const struct bpf_insn stack[] = { MOVE(BPF_REG_3, BPF_REG_10), ADD(BPF_REG_3, -24) };
	struct bpf_insn text[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_3, .src_reg = MAP_VALUE },
		{ .code = 0 },
	};

	if (!strcmp(way, "reader"))
		return by_helper(into, nothing, 0, BPF_FUNC_probe_read_kernel);
	if (!strcmp(way, "user_reader"))
		return by_helper(into, nothing, 0, BPF_FUNC_probe_read_user);
	if (!strcmp(way, "printk"))
		return by_helper(into, nothing, 0, BPF_FUNC_trace_printk);
	if (!strcmp(way, "vprintk"))
		return by_helper(into, nothing, 0, CALL_VPRINTK);
	/* struct btf_ptr: an address, the number of a type, flags. */
	if (!strcmp(way, "print_type"))
		return by_helper(into, stack, 16, CALL_SNPRINTF_BTF);
	if (!strcmp(way, "signal"))
		return by_helper(into, nothing, 0, BPF_FUNC_send_signal);
	if (!strcmp(way, "print")) {
		text[0].imm = constant_text();
		return by_helper(into, text, 0, CALL_SNPRINTF);
	}
	if (!strcmp(way, "compare"))
		return by_kernel_function(into, "bpf_strcmp");
	if (!strcmp(way, "cast"))
		return by_cast(into, 0);
	return strcmp(way, "cast_in_function") ? 0 : by_cast(into, 1);
}
