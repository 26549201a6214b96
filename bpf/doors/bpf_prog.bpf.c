/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A descriptor of a program is about to be made: by its id, by a pin, or because the program is new. */
#include "../guards/bpf_finished.h"

DOOR(bpf_prog, struct bpf_prog *prog)
{
	struct ct_attempt attempt = { .door = CT_DOOR_BPF_PROG };
	bool own;
	__u64 program = address_of(prog), aux = (__u64)BPF_CORE_READ(prog, aux);

	if (is_prober() && ct_is_kept(bpf_get_current_task()))
		learn_readers(program);
	own = ct_is_own_program(program);
	guard_object(own, (const void *)(aux + bpf_core_field_offset(struct bpf_prog_aux, name)), &attempt);
	/* The pin of ours has no permission bits: where only told, the door `capable` has done so. */
	attempt.again = own && attempt.arg[1] == BPF_OBJ_GET && !is_enforced(CT_VECTOR_BPF_TAMPER);
	if (attempt.vector == CT_VECTOR_NONE)
		guard_finished(program, &attempt);
	return decide(&attempt);
}
