/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpf_load, the second look: a program of a type that anybody may load (socket filters, traffic control, control
 * groups) reads any memory by typed pointers, to which bpf_rdonly_cast() makes every number, and that of whoever it
 * runs for by a helper: a socket filter runs for who sends. The verifier asks nobody about either. So the finished
 * program is looked at, which nobody can change any more, when its descriptor is made.
 */
#ifndef CT_GUARD_BPF_FINISHED_H
#define CT_GUARD_BPF_FINISHED_H

#include "bpf_load.h"
#include "bpf_tamper.h"

#define CALL_CODE   0x85 /* BPF_JMP | BPF_CALL */
#define SOURCE_BITS 0xf0 /* of the registers of an instruction: 0 in a call of a helper */
#define PART	    32U
#define BLOCK	    32U	 /* parts */
#define MOST_BLOCKS 128U /* longer ones are taken for readers */
/* In the program of native/canary/objects.c. */
#define FIRST_CALL  5
#define SECOND_CALL 11

struct ct_instruction {
	__u8 code, registers;
	__s16 offset;
	__s32 immediate;
};

static __always_inline __u64 instructions_of(__u64 program)
{
	return program + bpf_core_field_offset(struct bpf_prog, insnsi);
}

/* The immediate of an instruction that calls a helper; else 0, which no helper has. As in allow.h. */
__weak __noinline int ct_helper_called(__u64 instruction)
{
	__u32 code = instruction & 0xff, registers = instruction >> 8 & 0xff;

	return code == CALL_CODE && !(registers & SOURCE_BITS) ? (int)(instruction >> 32) : 0;
}

/*
 * From the canary's program. The first word counts: later ones may be somebody else's. What cannot be read (a program
 * at hand, which can) is not learnt: until the next proof such calls are not seen.
 */
static __always_inline void learn_readers(__u64 program)
{
	__u64 first = 0, second = 0, at = instructions_of(program);
	struct ct_user_readers *known;
	__u32 zero = 0;

	known = bpf_map_lookup_elem(&user_readers, &zero);
	if (!known || known->call[0] || BPF_CORE_READ((struct bpf_prog *)program, len) <= SECOND_CALL)
		return;
	bpf_probe_read_kernel(&first, sizeof(first), (void *)(at + FIRST_CALL * sizeof(first)));
	bpf_probe_read_kernel(&second, sizeof(second), (void *)(at + SECOND_CALL * sizeof(second)));
	known->call[1] = ct_helper_called(second);
	known->call[0] = ct_helper_called(first);
}

/* Whether one of `count` instructions calls either. Failure direction: what cannot be read does. */
__weak __noinline int ct_calls_reader(__u64 at, __u32 count)
{
	struct ct_user_readers *known;
	__u64 instruction;
	__u32 zero = 0;
	int called;

	known = bpf_map_lookup_elem(&user_readers, &zero);
	if (!known || !known->call[0])
		return 0;
	/* One by one: where the kernel is locked down, nothing of variable size can be read. */
	for (__u32 i = 0; i < PART; i++) {
		if (i >= count)
			break;
		if (bpf_probe_read_kernel(&instruction, sizeof(instruction), (void *)(at + i * sizeof(instruction))))
			return 1;
		called = ct_helper_called(instruction);
		if (called && (called == known->call[0] || called == known->call[1]))
			return 1;
	}
	return 0;
}

/* Loops of loops: the verifier compares each round of one with all rounds before. */
__weak __noinline int ct_block_reads(__u64 at, __u32 left)
{
	for (__u32 i = 0; i < BLOCK; i++) {
		if (ct_calls_reader(at, left))
			return 1;
		if (left <= PART)
			return 0;
		left -= PART;
		at += PART * sizeof(struct ct_instruction);
	}
	return 0;
}

__weak __noinline int ct_reads_users(__u64 program)
{
	__u32 left = BPF_CORE_READ((struct bpf_prog *)program, len);
	__u64 at = instructions_of(program);

	for (__u32 i = 0; i < MOST_BLOCKS; i++) {
		if (ct_block_reads(at, left))
			return 1;
		if (left <= BLOCK * PART)
			return 0;
		left -= BLOCK * PART;
		at += BLOCK * PART * sizeof(struct ct_instruction);
	}
	return 1;
}

/* Each load through a typed pointer that may lead nowhere has an entry in the table of exceptions. */
static __always_inline void guard_finished(__u64 program, struct ct_attempt *attempt)
{
	__u64 thread = bpf_get_current_pid_tgid(), aux;
	__u32 type = BPF_CORE_READ((struct bpf_prog *)program, type);

	if (bpf_command() != BPF_PROG_LOAD)
		return;
	/* Those were judged before they were verified. */
	if (type >= 32 || READING_TYPES & TYPE(type))
		return;
	aux = (__u64)BPF_CORE_READ((struct bpf_prog *)program, aux);
	if (!BPF_CORE_READ((struct bpf_prog_aux *)aux, num_exentries) && !ct_reads_users(program))
		return;
	attempt->vector = CT_VECTOR_BPF_LOAD;
	attempt->arg[0] = type;
	attempt->name = (const void *)(aux + bpf_core_field_offset(struct bpf_prog_aux, name));
	/* Told already, when the verifier asked. */
	attempt->again = bpf_map_lookup_elem(&judged_loads, &thread) != NULL;
}

#endif
