// SPDX-License-Identifier: Apache-2.0
/*
 * The canary's attacker: one attempt per line "PROBE VICTIM_PID", answered by "PROBE ERRNO" (0: it went through).
 * A negative number is the errno of a preparation that failed, so that it can never pass for a door's refusal.
 * No attempt reads or changes anything even where nothing guards: each one is malformed behind its door.
 */
#define _GNU_SOURCE
#include "canary.h"
#include "capabilities.h"
#include "lockdown.h"
#include "names.h"
#include "objects.h"
#include "own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* linux/fs.h of older distributions does not have it. */
#define PROCMAP_QUERY_NUMBER _IOC(_IOC_READ | _IOC_WRITE, 'f', 17, 104)

static int probe_file_open(pid_t victim)
{
	char path[CANARY_LINE];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/environ", victim);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Unguarded: EFAULT, since nothing is mapped at address 0. */
static int probe_ptrace_access_check(pid_t victim)
{
	char byte;
	struct iovec local = { .iov_base = &byte, .iov_len = 1 };
	struct iovec remote = { .iov_base = NULL, .iov_len = 1 };

	return process_vm_readv(victim, &local, 1, &remote, 1, 0) < 0 ? errno : 0;
}

/* Unguarded: ENOEXEC, since an executable is no relocatable object. */
static int probe_kernel_read_file(pid_t victim)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int error;

	(void)victim;
	if (fd < 0)
		return -errno;
	error = syscall(SYS_finit_module, fd, "", 0) < 0 ? errno : 0;
	close(fd);
	return error;
}

/* Unguarded: ENOEXEC. The length is that of an ELF header: anything shorter is turned away before the door. */
static int probe_kernel_load_data(pid_t victim)
{
	static const char image[64];

	(void)victim;
	return syscall(SYS_init_module, image, sizeof(image), "") < 0 ? errno : 0;
}

/* ENODEV in either case: this door's refusal never reaches the caller, so the agent reads the kernel's counters. */
static int probe_kernel_module_request(pid_t victim)
{
	(void)victim;
	return mount("none", "/", "ctcanary", 0, NULL) < 0 ? errno : 0;
}

/* Unguarded: E2BIG, the kernel's word for a program of no instructions. */
static int probe_bpf(pid_t victim)
{
	union bpf_attr attr;
	int fd;

	(void)victim;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_KPROBE;
	attr.license = (unsigned long)"GPL";
	attr.insns = (unsigned long)&attr;
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int locked_down(pid_t victim)
{
	(void)victim;
	return probe_locked_down();
}

/* Unguarded: advice on no memory at all. */
static int probe_capable(pid_t victim)
{
	int pidfd = (int)syscall(SYS_pidfd_open, victim, 0);
	struct iovec none = { NULL, 0 };
	int error;

	if (pidfd < 0)
		return -errno;
	error = syscall(SYS_process_madvise, pidfd, &none, 0, MADV_COLD, 0) < 0 ? errno : 0;
	close(pidfd);
	return error;
}

/* Unguarded: a clock that is switched off, closed at once. */
static int probe_perf_event_alloc(pid_t victim)
{
	struct perf_event_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	attr.disabled = 1;
	fd = (int)syscall(SYS_perf_event_open, &attr, victim, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* The victim's environ and maps, opened while it was not protected yet. */
static int held_environ = -1, held_maps = -1;

static int hold(pid_t victim)
{
	char path[CANARY_LINE];

	snprintf(path, sizeof(path), "/proc/%d/environ", victim);
	held_environ = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/maps", victim);
	held_maps = open(path, O_RDONLY | O_CLOEXEC);
	if (held_environ < 0 || held_maps < 0)
		return errno;
	return hold_objects() ?: hold_names();
}

/* Unguarded: nothing, since the victim has no environment. */
static int probe_file_permission(pid_t victim)
{
	char byte;

	(void)victim;
	return pread(held_environ, &byte, 1, 0) < 0 ? errno : 0;
}

/* Unguarded: ENOTTY, or EINVAL for a question of size 0. */
static int probe_file_ioctl(pid_t victim)
{
	static char question[128];

	(void)victim;
	return ioctl(held_maps, PROCMAP_QUERY_NUMBER, question) < 0 ? errno : 0;
}

/* Unguarded: a descriptor that can only be closed. */
static int probe_inode_follow_link(pid_t victim)
{
	char path[CANARY_LINE];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd/0", victim);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* A child asks for it, as the prober must not be traced itself. Unguarded: it is traced by us until it ends at once. */
static int probe_ptrace_traceme(pid_t victim)
{
	int status;
	pid_t child = fork();

	(void)victim;
	if (child < 0)
		return -errno;
	if (child == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? errno : 0);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

/* Unguarded: nothing, since the victim ignores SIGABRT. */
static int probe_task_kill(pid_t victim)
{
	return kill(victim, SIGABRT) < 0 ? errno : 0;
}

/* Unguarded: the same signal, ignored. The write succeeds in either case. */
static int probe_file_send_sigiotask(pid_t victim)
{
	int ends[2];
	int error = 0;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	if (fcntl(ends[0], F_SETOWN, victim) || fcntl(ends[0], F_SETSIG, SIGABRT) || fcntl(ends[0], F_SETFL, O_ASYNC) ||
	    write(ends[1], "", 1) != 1)
		error = -errno;
	close(ends[0]);
	close(ends[1]);
	return error;
}

static const struct {
	const char *name;
	int (*attempt)(pid_t victim);
} probes[] = {
	{ "file_open", probe_file_open },
	{ "ptrace_access_check", probe_ptrace_access_check },
	{ "kernel_read_file", probe_kernel_read_file },
	{ "kernel_load_data", probe_kernel_load_data },
	{ "kernel_module_request", probe_kernel_module_request },
	{ "bpf", probe_bpf },
	{ "locked_down", locked_down },
	{ "capable", probe_capable },
	{ "perf_event_alloc", probe_perf_event_alloc },
	{ "ptrace_traceme", probe_ptrace_traceme },
	{ "hold", hold },
	{ "capabilities", capabilities },
	{ "file_permission", probe_file_permission },
	{ "file_ioctl", probe_file_ioctl },
	{ "inode_follow_link", probe_inode_follow_link },
	{ "task_kill", probe_task_kill },
	{ "file_send_sigiotask", probe_file_send_sigiotask },
	{ "task_setrlimit", probe_task_setrlimit },
	{ "task_setscheduler", probe_task_setscheduler },
	{ "task_setnice", probe_task_setnice },
	{ "task_setioprio", probe_task_setioprio },
};

static void obey(char *line)
{
	char *space = strchr(line, ' ');
	char *end = NULL;
	long victim = 0;

	if (space) {
		*space = '\0';
		victim = strtol(space + 1, &end, 10);
	}
	if (space && *end == '\0' && victim > 0) {
		for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
			if (!strcmp(line, probes[i].name)) {
				say_number(line, probes[i].attempt((pid_t)victim));
				return;
			}
		}
		if (probe_object(line) || probe_own(line) || probe_name(line))
			return;
	}
	say("unknown");
}

int run_prober(void)
{
	char line[CANARY_LINE];

	prctl(PR_SET_NAME, CANARY_PROBER);
	say_number("ready", getpid());
	while (read_line(line))
		obey(line);
	return 0;
}
