// SPDX-License-Identifier: Apache-2.0
/*
 * Each kind of attack on a protected process, once more on the agent, as far as the agent survives it. Addresses are
 * not known: a copy from address 0 that ends in EFAULT was let in.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_LIVE "where nothing guards, it reaches into the agent that runs here"

static void conclude(struct outcome *out, long result)
{
	if (result < 0)
		refused(out, (int)-result);
	else
		succeeded(out, "done", 4);
}

static long or_errno(long result)
{
	return result < 0 ? -errno : result;
}

/* The agent, or the process by which it attacks itself to prove its doors. */
static struct aim aimed_at(const struct aim *aim, const struct road *road)
{
	return road->argument ? the_agents(aim, road->argument) : the_agent(aim);
}

static void trace(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = aimed_at(aim, road);
	pid_t who = road->in_task ? other_thread(&at) : at.target;
	int status;

	if (ptrace(road->number, who, NULL, NULL)) {
		refused(out, errno);
		return;
	}
	if (road->number == PTRACE_SEIZE && ptrace(PTRACE_INTERRUPT, who, NULL, NULL))
		cannot_try("seized, but not stopped");
	if (waitpid(who, &status, __WALL) != who || ptrace(PTRACE_DETACH, who, NULL, NULL))
		cannot_try("it cannot be let go");
	succeeded(out, "traced", 6);
}

static void open_file(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = aimed_at(aim, road);
	char path[128];

	procfs_path(path, sizeof(path), &at, road);
	conclude(out, road->open(path, (road->number ? road->number : O_RDONLY) | O_CLOEXEC));
}

static void copy(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = aimed_at(aim, road);
	char byte = 0;
	struct iovec here = { &byte, 1 }, there = { NULL, 1 };
	long result = or_errno(syscall(road->number, at.target, &here, 1, &there, 1, 0));

	conclude(out, result == -EFAULT ? 0 : result);
}

static int pidfd_of(const struct aim *at)
{
	int fd = (int)syscall(SYS_pidfd_open, at->target, 0);

	if (fd < 0)
		cannot_try("pidfd_open failed");
	return fd;
}

static void take_descriptor(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = the_agent(aim);

	if (road->compat)
		conclude(out, compat_syscall(SYS_pidfd_getfd, (unsigned long)pidfd_of(&at), 0, 0, 0, 0));
	else
		conclude(out, or_errno(syscall(SYS_pidfd_getfd, pidfd_of(&at), 0, 0)));
}

static void advise(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = the_agent(aim);
	struct iovec none = { NULL, 0 };

	(void)road;
	conclude(out, or_errno(syscall(SYS_process_madvise, pidfd_of(&at), &none, 0, MADV_COLD, 0)));
}

static void enter(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = the_agent(aim);

	(void)road;
	conclude(out, or_errno(setns(pidfd_of(&at), CLONE_NEWUTS)));
}

static void sample(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = the_agent(aim);
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK, .disabled = 1
	};

	(void)road;
	conclude(out, or_errno(syscall(SYS_perf_event_open, &attr, at.target, -1, -1, PERF_FLAG_FD_CLOEXEC)));
}

/* Dumps core by default; Node.js ignores it, and so the agent lives on. */
static void dump(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = the_agent(aim);

	if (road->compat)
		conclude(out, compat_syscall(37 /* kill */, (unsigned long)at.target, SIGXFSZ, 0, 0, 0));
	else
		conclude(out, or_errno(kill(at.target, SIGXFSZ)));
}

/* Of what Node runs, and none of these programs, where Debian puts it. */
#ifdef __x86_64__
#define AGENT_CODE "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"
#else
#define AGENT_CODE "/usr/lib/aarch64-linux-gnu/libstdc++.so.6"
#endif

/* To the size that it has, so that nobody ends where nothing guards; the kernel asks the door all the same. */
static void cut_code(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct stat code;

	(void)aim, (void)road;
	if (stat(AGENT_CODE, &code))
		cannot_try("no library of the agent's");
	conclude(out, or_errno(truncate(AGENT_CODE, code.st_size)));
}

#define OPEN(NAME, FILE, HOW) { .not_live = NOT_LIVE, .name = NAME, .attempt = open_file, .file = FILE, .open = HOW }
#define OPEN_AS(NAME, FILE, FLAGS)                                                                                     \
	{ .not_live = NOT_LIVE, .name = NAME, .attempt = open_file, .file = FILE, .open = open_plain, .number = FLAGS }
#define PROBER "ct-prober"
#define TRACE(NAME, REQUEST, THREAD)                                                                                   \
	{ .not_live = NOT_LIVE, .name = NAME, .attempt = trace, .number = REQUEST, .in_task = THREAD }

static const struct road roads[] = {
	TRACE("default", PTRACE_ATTACH, 0),
	TRACE("attach_thread", PTRACE_ATTACH, 1),
	TRACE("seize", PTRACE_SEIZE, 0),
	OPEN("environ", "environ", open_plain),
	OPEN("environ_second_procfs", "environ", open_second_procfs),
	OPEN("environ_compat", "environ", open_compat),
	OPEN("environ_io_uring", "environ", open_io_uring),
	OPEN("environ_io_uring_async", "environ", open_io_uring_async),
	{ .not_live = NOT_LIVE,
	  .name = "environ_task",
	  .attempt = open_file,
	  .file = "environ",
	  .open = open_plain,
	  .in_task = 1 },
	OPEN("mem", "mem", open_plain),
	OPEN_AS("mem_write", "mem", O_RDWR),
	OPEN("maps", "maps", open_plain),
	OPEN("maps_opath", "maps", open_opath),
	OPEN("pagemap", "pagemap", open_plain),
	OPEN_AS("oom_score_adj", "oom_score_adj", O_WRONLY),
	OPEN_AS("coredump_filter", "coredump_filter", O_WRONLY),
	OPEN_AS("descriptor", "fd/0", O_PATH),
	OPEN_AS("root", "root", O_PATH),
	{ .not_live = NOT_LIVE, .name = "process_vm_readv", .attempt = copy, .number = SYS_process_vm_readv },
	{ .not_live = NOT_LIVE, .name = "process_vm_writev", .attempt = copy, .number = SYS_process_vm_writev },
	{ .not_live = NOT_LIVE, .name = "pidfd_getfd", .attempt = take_descriptor },
	{ .not_live = NOT_LIVE, .name = "pidfd_getfd_compat", .attempt = take_descriptor, .compat = 1 },
	{ .not_live = NOT_LIVE, .name = "process_madvise", .attempt = advise },
	{ .not_live = NOT_LIVE, .name = "setns", .attempt = enter },
	{ .not_live = NOT_LIVE, .name = "perf", .attempt = sample },
	{ .not_live = NOT_LIVE, .name = "signal", .attempt = dump },
	{ .not_live = NOT_LIVE, .name = "code_cut", .attempt = cut_code },
	{ .not_live = NOT_LIVE,
	  .name = "prober_attach",
	  .attempt = trace,
	  .number = PTRACE_ATTACH,
	  .argument = PROBER },
	{ .not_live = NOT_LIVE,
	  .name = "prober_mem",
	  .attempt = open_file,
	  .file = "mem",
	  .open = open_plain,
	  .number = O_RDWR,
	  .argument = PROBER },
	{ .not_live = NOT_LIVE,
	  .name = "prober_memory",
	  .attempt = copy,
	  .number = SYS_process_vm_writev,
	  .argument = PROBER },
	{ .not_live = NOT_LIVE, .name = "signal_compat", .attempt = dump, .compat = 1 },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "agent_access", roads, COUNT(roads));
}
