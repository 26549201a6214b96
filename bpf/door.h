/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A door is one kernel hook and one BPF program. The section names the LSM form; the agent turns the same program
 * into fmod_ret/security_<hook> before loading where `bpf` is not in the active LSM list.
 * A door collects what its guards found in a ct_attempt and asks decide() once.
 */
#ifndef CT_DOOR_H
#define CT_DOOR_H

/* bpf_tracing.h: registers by the names that the kernel gives them. */
#define __VMLINUX_H__
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#ifdef CT_TYPED
#include "typed.h"
#endif
#include "abi.h"
#include "form.h"

#define EPERM  1
#define ENOENT 2
#define EAGAIN 11
#define EEXIST 17
#define EINVAL 22

/*
 * What a guard found. vector == CT_VECTOR_NONE: nothing. Small, since several functions in a row have one each. All of
 * it lies on the stack and is cleared where it is declared: in doors that everybody passes, behind the ways out.
 */
struct ct_attempt {
	__u16 vector;
	__u16 door;
	/*
	 * What the refused one is told, EPERM if 0: ENOENT, so that those who list everybody's objects go on to the
	 * next; EINVAL, on which programs copy by themselves.
	 */
	__u16 error;
	/* The same attempt was judged and reported a moment ago: the verdict only. */
	bool again : 1;
	/* current may be anybody (an interrupt): nobody is killed, and neither workload nor allow list excuses. */
	bool bystander : 1;
	/* The target did it itself, or had it done to itself: that it is of its own workload excuses nothing. */
	bool own : 1;
	/* One of many of its kind: see judge_act(). */
	bool burst : 1;
	/* An attempt on the agent's own objects: judged also while nothing is protected. */
	bool always : 1;
	/* Told of and let pass, also where the vector is enforced. */
	bool watched : 1;
	/* It may be none: refused, and nobody is killed for it where that is enough. */
	bool doubtful : 1;
	/* Whoever is allowed limits alone (ct_allow.limits) is not allowed this. */
	bool beyond_limits : 1;
	__u64 target;	/* address of any task of the target, 0 for node-wide vectors */
	__u64 offender; /* address of the task that attacks; 0: the current one */
	__u64 arg[4];
	const void *name; /* kernel string, or NULL */
};

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#endif
