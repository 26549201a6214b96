/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The roads of torture.c, by bare system calls: 0 or more is bytes or a descriptor in hand, less is minus the errno.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <linux/bpf.h>

enum {
	ROAD_MEM,
	ROAD_ENVIRON,
	ROAD_LAYOUT,
	ROAD_VM,
	ROAD_ATTACH,
	ROAD_SEIZE,
	ROAD_GETFD,
	/* From here on they aim at the node or the agent, whoever is the target. */
	ROAD_MODULE,
	ROAD_MAP,
	ROAD_UNPIN,
	ROAD_FTRACE,
	ROADS
};

/* Each is a vector, and has a count of the kernel's by that name. */
static const char *const road_names[ROADS] = {
	"procmem_read", "environ_read", "proc_layout", "process_vm_read", "ptrace_attach", "ptrace_seize",
	"pidfd_getfd",	"module_load",	"bpf_tamper",  "pin_remove",	  "hooks_off",
};

struct aim {
	pid_t pid;
	int pidfd;
	unsigned long address;
	int fd;
	char mem[32], environ[32], maps[32];
};

static inline long bare(long nr, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
			 x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
#endif
}

static inline void aim_at(struct aim *aim, pid_t pid)
{
	aim->pid = pid;
	aim->pidfd = bare(SYS_pidfd_open, pid, 0, 0, 0, 0, 0);
	snprintf(aim->mem, sizeof(aim->mem), "/proc/%d/mem", pid);
	snprintf(aim->environ, sizeof(aim->environ), "/proc/%d/environ", pid);
	snprintf(aim->maps, sizeof(aim->maps), "/proc/%d/maps", pid);
}

static inline long by_open(const char *path)
{
	long fd = bare(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);

	if (fd >= 0)
		bare(SYS_close, fd, 0, 0, 0, 0, 0);
	return fd;
}

static inline long by_process_vm(const struct aim *aim)
{
	char buffer[16];
	struct iovec here = { buffer, sizeof(buffer) }, there = { (void *)aim->address, sizeof(buffer) };

	return bare(SYS_process_vm_readv, aim->pid, (long)&here, 1, (long)&there, 1, 0);
}

static inline long by_ptrace(const struct aim *aim, long request)
{
	long result = bare(SYS_ptrace, request, aim->pid, 0, 0, 0, 0);

	if (result < 0)
		return result;
	if (request == PTRACE_SEIZE)
		bare(SYS_ptrace, PTRACE_INTERRUPT, aim->pid, 0, 0, 0, 0);
	bare(SYS_wait4, aim->pid, 0, __WALL, 0, 0, 0);
	bare(SYS_ptrace, PTRACE_DETACH, aim->pid, 0, 0, 0, 0);
	return 0;
}

static inline long by_getfd(const struct aim *aim)
{
	long fd = bare(SYS_pidfd_getfd, aim->pidfd, aim->fd, 0, 0, 0, 0);

	if (fd >= 0)
		bare(SYS_close, fd, 0, 0, 0, 0, 0);
	return fd;
}

/* No module: past the guard the kernel looks at it and says ENOEXEC. That it looked is a success. */
static inline long by_module(void)
{
	char nonsense[64] = "no module";
	long result = bare(SYS_init_module, (long)nonsense, sizeof(nonsense), (long)"", 0, 0, 0);

	return result == -ENOEXEC ? 0 : result;
}

/* Pinned by each agent for the next. */
#define A_MAP "/sys/fs/bpf/cloudtaser/maps/scope"

static inline long by_pin(void)
{
	union bpf_attr attr = { .pathname = (unsigned long)A_MAP };
	long fd = bare(SYS_bpf, BPF_OBJ_GET, (long)&attr, sizeof(attr), 0, 0, 0);

	if (fd >= 0)
		bare(SYS_close, fd, 0, 0, 0, 0, 0);
	return fd;
}

/* What it would write stays in its hand: the descriptor alone is a success. */
static inline long by_switch(void)
{
	long fd = bare(SYS_openat, AT_FDCWD, (long)"/proc/sys/kernel/ftrace_enabled", O_WRONLY | O_CLOEXEC, 0, 0, 0);

	if (fd >= 0)
		bare(SYS_close, fd, 0, 0, 0, 0, 0);
	return fd;
}

static inline long attack(const struct aim *aim, int road)
{
	switch (road) {
	case ROAD_MEM: return by_open(aim->mem);
	case ROAD_ENVIRON: return by_open(aim->environ);
	case ROAD_LAYOUT: return by_open(aim->maps);
	case ROAD_VM: return by_process_vm(aim);
	case ROAD_ATTACH: return by_ptrace(aim, PTRACE_ATTACH);
	case ROAD_SEIZE: return by_ptrace(aim, PTRACE_SEIZE);
	case ROAD_GETFD: return by_getfd(aim);
	case ROAD_MAP: return by_pin();
	case ROAD_UNPIN: return bare(SYS_unlinkat, AT_FDCWD, (long)A_MAP, 0, 0, 0, 0);
	case ROAD_FTRACE: return by_switch();
	default: return by_module();
	}
}

#endif
