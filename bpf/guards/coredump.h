/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * coredump_signal, coredump_limits: making the kernel write the memory of a process to a file. Any limit counts:
 * several end in a signal that dumps core (CPU, FSIZE, RTTIME), which no hook sees, and the rest in a crash. And making
 * a runtime hand out the memory itself, by the signal that opens its debugger.
 */
#ifndef CT_GUARD_COREDUMP_H
#define CT_GUARD_COREDUMP_H

#include "../verdict.h"
#include "../vmlinux_rare.h"

/* QUIT, ILL, TRAP, ABRT, BUS, FPE, SEGV, XCPU, XFSZ, SYS */
#define DUMPING_SIGNALS                                                                                                \
	(1U << 3 | 1U << 4 | 1U << 5 | 1U << 6 | 1U << 7 | 1U << 8 | 1U << 11 | 1U << 24 | 1U << 25 | 1U << 31)

#define SIGNAL_QUIT 3
#define SIGNAL_USR1 10

/* The first eight bytes of a short name, as they lie in memory. */
#define NAME_OF_4(a, b, c, d)	    ((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24)
#define NAME_OF_6(a, b, c, d, e, f) (NAME_OF_4(a, b, c, d) | (__u64)(e) << 32 | (__u64)(f) << 40)

/*
 * A program that handles or ignores SIGQUIT has made a command of it (nginx and others end by it), and is told so by
 * its own tools and by runtimes. The other signals tell of faults: handlers of those write out what they find, and
 * raise them again.
 */
static __always_inline bool is_command(__u64 task, int sig)
{
	return sig == SIGNAL_QUIT &&
	       BPF_CORE_READ((struct task_struct *)task, sighand, action[SIGNAL_QUIT - 1].sa.sa_handler);
}

/*
 * USR1 makes Node.js and Deno listen for a debugger, QUIT makes a JVM take in whoever wants to attach; whoever reaches
 * them then reads their memory by their own hand. Which program is a runtime is told by the name of its file alone.
 * The agent means nothing by USR1, and has a guard of its own. Failure direction: of what cannot be read the signal
 * passes, as all others do. Global, as in allow.h.
 */
__weak __noinline int ct_opens_debugger(__u64 task, int sig)
{
	const unsigned char *name = BPF_CORE_READ((struct task_struct *)task, mm, exe_file, f_path.dentry, d_name.name);
	__u64 text = 0;

	bpf_probe_read_kernel_str(&text, sizeof(text), name);
	if (sig == SIGNAL_QUIT)
		return text == NAME_OF_4('j', 'a', 'v', 'a');
	return (text == NAME_OF_4('n', 'o', 'd', 'e') || text == NAME_OF_6('n', 'o', 'd', 'e', 'j', 's') ||
		text == NAME_OF_4('d', 'e', 'n', 'o')) &&
	       !serves_agent(scope_of(leader_of((struct task_struct *)task)));
}

/* Into a file, or to whoever debugs. */
static __always_inline bool gives_memory(struct task_struct *task, int sig)
{
	if (sig <= 0 || sig >= 32)
		return false;
	if (DUMPING_SIGNALS >> sig & 1 && !is_command(address_of(task), sig))
		return true;
	return (sig == SIGNAL_USR1 || sig == SIGNAL_QUIT) && ct_opens_debugger(address_of(task), sig);
}

static __always_inline void guard_signal(struct task_struct *task, int sig, __u32 road, struct ct_attempt *attempt)
{
	attempt->vector = CT_VECTOR_COREDUMP_SIGNAL;
	attempt->target = address_of(task);
	attempt->arg[0] = sig;
	attempt->arg[1] = road;
}

#define LIMIT_OF_CORE 4 /* RLIMIT_CORE */
#define HAS_LESS(task, resource, wanted)                                                                               \
	case resource: return wanted < BPF_CORE_READ(task, signal, rlim[resource].rlim_cur)

/*
 * The agent has taken core dumps from the process. Whoever gives them back, or lowers a limit that ends in a signal,
 * wants one: a core that goes to a program is written whatever its limit. A container's own limits come before, or
 * are wider.
 */
static __always_inline bool forces_core(struct task_struct *task, unsigned int resource, const struct rlimit *limit)
{
	unsigned long wanted = BPF_CORE_READ(limit, rlim_cur);

	if (BPF_CORE_READ(task, signal, rlim[LIMIT_OF_CORE].rlim_max))
		return false;
	switch (resource) {
		HAS_LESS(task, 0 /* CPU */, wanted);
		HAS_LESS(task, 1 /* FSIZE */, wanted);
		HAS_LESS(task, 2 /* DATA */, wanted);
		HAS_LESS(task, 3 /* STACK */, wanted);
		HAS_LESS(task, 9 /* AS */, wanted);
		HAS_LESS(task, 15 /* RTTIME */, wanted);
	case LIMIT_OF_CORE: return BPF_CORE_READ(limit, rlim_max);
	}
	return false;
}

static __always_inline void guard_limit(struct task_struct *task, unsigned int resource, const struct rlimit *wanted,
					struct ct_attempt *attempt)
{
	/* A limit ends or starves the agent, which holds no secret that a core would show. */
	bool agents = serves_agent(scope_of(leader_of(task)));

	attempt->vector = agents ? CT_VECTOR_AGENT_CGROUP : CT_VECTOR_COREDUMP_LIMITS;
	attempt->target = address_of(task);
	attempt->arg[0] = agents ? (__u32)CT_STARVE_ROAD_LIMIT : (__u32)CT_LIMIT_ROAD_PRLIMIT;
	attempt->arg[1] = resource;
	attempt->beyond_limits = forces_core(task, resource, wanted);
}

#endif
