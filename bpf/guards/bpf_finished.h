/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpf_load, the second look: a program of a type that anybody may load (socket filters, traffic control, control
 * groups) reads any memory by typed pointers, to which bpf_rdonly_cast() makes every number, and by helpers that copy
 * or print it: the kernel's, and that of whoever it runs for, as a socket filter runs for who sends. The verifier asks
 * nobody about either. So the finished program is looked at, with all its functions, which nobody can change any more,
 * when its descriptor is made.
 */
#ifndef CT_GUARD_BPF_FINISHED_H
#define CT_GUARD_BPF_FINISHED_H

#include "bpf_load.h"
#include "bpf_tamper.h"

#define CALL_CODE  0x85 /* BPF_JMP | BPF_CALL */
#define HELPER	   0	/* the source of a call */
#define KFUNC	   2
#define CLASS_BITS 0x07
#define LOAD_CLASS 0x01 /* BPF_LDX */
#define MODE_BITS  0xe0
/* Loads through a typed pointer that may lead nowhere, as the verifier leaves them. */
#define PROBE_MODE   0x20
#define PROBE_SIGNED 0x40
/* A load-acquire: the first kernels that had it (6.15) left it as it is through such a pointer too. */
#define LOAD_ACQUIRE_CODE 0xc3 /* BPF_STX | BPF_ATOMIC, of any size */
#define LOAD_ACQUIRE	  0x100
#define SIZE_BITS	  0x18
#define PART		  32U
#define BLOCK		  32U  /* parts */
#define MOST_BLOCKS	  128U /* longer ones are taken for readers */
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

static __always_inline void learn_reader(__u64 at)
{
	__u64 instruction = 0;
	__u32 one = 1;
	__s32 call;

	bpf_probe_read_kernel(&instruction, sizeof(instruction), (void *)at);
	call = (__s32)(instruction >> 32);
	if ((instruction & 0xffff) == CALL_CODE)
		bpf_map_update_elem(&readers, &call, &one, BPF_NOEXIST);
}

/*
 * From the canary's program. What cannot be read (a program at hand, which can) or has no room (128, of which the
 * kernel's symbols take some 40) is not learnt.
 */
static __always_inline void learn_readers(__u64 program)
{
	__u64 at = instructions_of(program);

	if (BPF_CORE_READ((struct bpf_prog *)program, len) <= SECOND_CALL)
		return;
	learn_reader(at + FIRST_CALL * sizeof(struct ct_instruction));
	learn_reader(at + SECOND_CALL * sizeof(struct ct_instruction));
}

/* Whether it reads, or calls what does. As in allow.h. */
__weak __noinline int ct_reads(__u64 instruction)
{
	__u32 code = instruction & 0xff, source = instruction >> 12 & 0xf;
	__s32 call = (__s32)(instruction >> 32);

	if ((code & CLASS_BITS) == LOAD_CLASS)
		return (code & MODE_BITS) == PROBE_MODE || (code & MODE_BITS) == PROBE_SIGNED;
	if ((code & ~SIZE_BITS) == LOAD_ACQUIRE_CODE)
		return call == LOAD_ACQUIRE;
	if (code != CALL_CODE || (source != HELPER && source != KFUNC))
		return 0;
	/* There such a call has the function's number in BTF and not its place: none can be told from another. */
	if (FAR_KFUNCS && source == KFUNC)
		return 1;
	return bpf_map_lookup_elem(&readers, &call) != NULL;
}

/* Whether one of `count` instructions does. Failure direction: what cannot be read does. */
__weak __noinline int ct_part_reads(__u64 at, __u32 count)
{
	__u64 instruction;

	/* One by one: where the kernel is locked down, nothing of variable size can be read. */
	for (__u32 i = 0; i < PART; i++) {
		if (i >= count)
			break;
		if (bpf_probe_read_kernel(&instruction, sizeof(instruction), (void *)(at + i * sizeof(instruction))))
			return 1;
		if (ct_reads(instruction))
			return 1;
	}
	return 0;
}

/* Loops of loops: the verifier compares each round of one with all rounds before. */
__weak __noinline int ct_block_reads(__u64 at, __u32 left)
{
	for (__u32 i = 0; i < BLOCK; i++) {
		if (ct_part_reads(at, left))
			return 1;
		if (left <= PART)
			return 0;
		left -= PART;
		at += PART * sizeof(struct ct_instruction);
	}
	return 0;
}

__weak __noinline int ct_program_reads(__u64 program)
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

/*
 * Its id is there before it is judged, so that who asks for it by that is judged alike; to him it is not there, as with
 * objects of ours.
 */
static __always_inline void guard_finished(__u64 program, struct ct_attempt *attempt)
{
	__u64 thread = bpf_get_current_pid_tgid(), aux;
	__u32 type = BPF_CORE_READ((struct bpf_prog *)program, type);

	/* Those were judged before they were verified. */
	if (type >= 32 || READING_TYPES & TYPE(type))
		return;
	aux = (__u64)BPF_CORE_READ((struct bpf_prog *)program, aux);
	if (!ct_program_reads(program))
		return;
	attempt->vector = CT_VECTOR_BPF_LOAD;
	attempt->arg[0] = type;
	attempt->name = (const void *)(aux + bpf_core_field_offset(struct bpf_prog_aux, name));
	/* Told already, when the verifier asked. */
	attempt->again = bpf_command() == BPF_PROG_LOAD && bpf_map_lookup_elem(&judged_loads, &thread) != NULL;
	attempt->error = bpf_command() == BPF_PROG_GET_FD_BY_ID ? ENOENT : 0;
}

#endif
