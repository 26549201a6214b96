// SPDX-License-Identifier: Apache-2.0
/*
 * Stopping and starving the agent by way of the kernel, with values that change nothing: the file lets them in, which
 * is all that the harmful ones need. Moves are real, to and fro between two groups of equal rights.
 */
#define _GNU_SOURCE
#include "agent.h"
#include "groups.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NOT_LIVE "where nothing guards, it freezes, starves or moves the agent that runs here"

#define TREE "/sys/fs/cgroup/cloudtaser"

/* Writes what was formatted; returns a negative errno or 0. */
typedef int (*writer)(int fd, char *text, size_t length);

static int write_plain(int fd, char *text, size_t length)
{
	return write(fd, text, length) < 0 ? -errno : 0;
}

static int write_vector(int fd, char *text, size_t length)
{
	struct iovec pieces[] = { { text, 0 }, { text, length } };

	return writev(fd, pieces, 2) < 0 ? -errno : 0;
}

static int write_compat(int fd, char *text, size_t length)
{
	char *low = low_memory(4096);

	memcpy(low, text, length);
	long result = compat_syscall(4 /* write */, (unsigned long)fd, (unsigned long)low, length, 0, 0);
	return result < 0 ? (int)result : 0;
}

static int write_ring(int fd, char *text, size_t length)
{
	int result = write_io_uring(fd, text, length, 0);

	return result < 0 ? result : 0;
}

static int write_ring_worker(int fd, char *text, size_t length)
{
	int result = write_io_uring(fd, text, length, 1);

	return result < 0 ? result : 0;
}

/* 'a' or 'b'; a stand-in that is in neither is put into the first. */
static char group_of(pid_t pid)
{
	char path[64], text[256] = "", *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		cannot_try("the control group cannot be read");
	close(fd);
	at = strstr(text, "/cloudtaser/");
	return at ? at[12] : 0;
}

/* child: the process of the agent's that is meant in its place. */
static struct aim agent_in_group(const struct aim *aim, const char *child)
{
	struct aim at = child ? the_agents(aim, child) : the_agent(aim);
	char text[16];
	int fd;

	if (group_of(at.target))
		return at;
	errno = ENOTDIR;
	if (at.target != aim->target)
		cannot_try("the agent does not run in " TREE);
	fd = open(TREE "/a/cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)snprintf(text, sizeof(text), "%d", at.target)) < 0)
		cannot_try("the stand-in cannot be put into " TREE);
	close(fd);
	return at;
}

/* What holds already: no limit, every processor, not frozen; cgroup.kill takes nothing but 1. */
static const char *harmless_word(const char *file)
{
	if (strstr(file, "cpus"))
		return "\n";
	if (strstr(file, "weight"))
		return "100";
	return strncmp(file, "cgroup.", 7) && !strstr(file, "reclaim") ? "max" : "0";
}

/* road->number 1: of the group above the agent's. */
static void control(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = agent_in_group(aim, road->argument);
	const char *word = harmless_word(road->file);
	char path[128];
	int fd;

	if (road->number)
		snprintf(path, sizeof(path), TREE "/%s", road->file);
	else
		snprintf(path, sizeof(path), TREE "/%c/%s", group_of(at.target), road->file);
	fd = road->open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	if (write(fd, word, strlen(word)) < 0 && errno != ERANGE)
		refused(out, errno);
	else
		succeeded(out, word, strlen(word));
	close(fd);
}

static const writer writers[] = { write_plain, write_vector, write_compat, write_ring, write_ring_worker };

/* road->file: how the number is written. */
static void move(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = agent_in_group(aim, road->argument);
	char before = group_of(at.target), path[128], text[32];
	int length = snprintf(text, sizeof(text), road->file, road->in_task ? other_thread(&at) : at.target);
	int fd, result;

	snprintf(path, sizeof(path), TREE "/%c/cgroup.procs", before == 'a' ? 'b' : 'a');
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		cannot_try("the other group cannot be opened");
	result = writers[road->number](fd, text, (size_t)length);
	if (result < 0)
		refused(out, -result);
	else if (group_of(at.target) == before)
		cannot_try("written, but not moved");
	else
		succeeded(out, path, strlen(path));
	close(fd);
}

static void limit(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = the_agent(aim);
	struct rlimit was;

	if (prlimit(at.target, (enum __rlimit_resource)road->number, NULL, &was))
		cannot_try("the limit cannot be read");
	if (prlimit(at.target, (enum __rlimit_resource)road->number, &was, NULL))
		refused(out, errno);
	else
		succeeded(out, "limit", 5);
}

static void schedule(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = the_agent(aim);
	struct sched_param param;
	int policy = sched_getscheduler(at.target);

	(void)road;
	if (policy < 0 || sched_getparam(at.target, &param))
		cannot_try("the scheduling class cannot be read");
	if (sched_setscheduler(at.target, policy, &param) < 0)
		refused(out, errno);
	else
		succeeded(out, "class", 5);
}

static void processors(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = the_agent(aim);
	pid_t who = road->in_task ? other_thread(&at) : at.target;
	cpu_set_t *set = low_memory(4096);
	long result;

	if (sched_getaffinity(who, sizeof(*set), set))
		cannot_try("the processors cannot be read");
	if (road->compat)
		result = compat_syscall(241, (unsigned long)who, sizeof(*set), (unsigned long)set, 0, 0);
	else
		result = sched_setaffinity(who, sizeof(*set), set) ? -errno : 0;
	if (result < 0)
		refused(out, (int)-result);
	else
		succeeded(out, "processors", 10);
}

static void nice_value(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = the_agent(aim);

	(void)road;
	if (setpriority(PRIO_PROCESS, (id_t)at.target, getpriority(PRIO_PROCESS, (id_t)at.target)))
		refused(out, errno);
	else
		succeeded(out, "nice", 4);
}

static void disk_priority(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct aim at = the_agent(aim);

	(void)road;
	if (syscall(SYS_ioprio_set, 1 /* a process */, at.target, 2 << 13 | 4 /* best effort, the default */) < 0)
		refused(out, errno);
	else
		succeeded(out, "disk", 4);
}

/* The letter asks for help on the console. */
static void sysrq(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int fd = road->open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	(void)aim;
	if (fd < 0)
		refused(out, -fd);
	else if (write(fd, "h", 1) != 1)
		refused(out, errno);
	else
		succeeded(out, "h", 1);
}

#define FREEZE(NAME, OPEN)                                                                                             \
	{ .not_live = NOT_LIVE, .name = NAME, .attempt = control, .file = "cgroup.freeze", .open = OPEN, .number = 1 }
#define ABOVE(NAME, FILE)                                                                                              \
	{ .not_live = NOT_LIVE, .name = NAME, .attempt = control, .file = FILE, .open = open_plain, .number = 1 }
#define OWN(NAME, FILE, OPEN) { .not_live = NOT_LIVE, .name = NAME, .attempt = control, .file = FILE, .open = OPEN }
#define MOVE(NAME, FORMAT, WRITER)                                                                                     \
	{ .not_live = NOT_LIVE, .name = NAME, .attempt = move, .file = FORMAT, .number = WRITER }
#define SYSRQ(NAME, OPEN) { .not_live = NOT_LIVE, .name = NAME, .attempt = sysrq, .open = OPEN }

static const struct road roads[] = {
	OWN("default", "cgroup.freeze", open_plain),
	FREEZE("freeze_above", open_plain),
	FREEZE("freeze_second_mount", open_second_cgroupfs),
	FREEZE("freeze_bind", open_bind),
	FREEZE("freeze_opath", open_opath),
	FREEZE("freeze_compat", open_compat),
	FREEZE("freeze_thread_of_attacker", open_in_thread),
	FREEZE("freeze_io_uring_async", open_io_uring_async),
	FREEZE("freeze_held", open_held),
	FREEZE("freeze_by_handle", open_by_handle),
	OWN("kill", "cgroup.kill", open_plain),
	ABOVE("kill_above", "cgroup.kill"),
	OWN("kill_by_handle", "cgroup.kill", open_by_handle),
	ABOVE("memory_max", "memory.max"),
	ABOVE("memory_high", "memory.high"),
	ABOVE("cpu_max", "cpu.max"),
	ABOVE("memory_swap_max", "memory.swap.max"),
	ABOVE("memory_reclaim", "memory.reclaim"),
	ABOVE("cpu_weight", "cpu.weight"),
	ABOVE("cpuset", "cpuset.cpus"),
	ABOVE("pids_max", "pids.max"),
	MOVE("move", "%d\n", 0),
	MOVE("move_in_hexadecimal", "0x%x", 0),
	MOVE("move_with_spaces", "  %d", 0),
	MOVE("move_by_writev", "%d", 1),
	MOVE("move_compat", "%d", 2),
	MOVE("move_io_uring", "%d", 3),
	MOVE("move_io_uring_async", "%d", 4),
	{ .not_live = NOT_LIVE, .name = "move_by_thread", .attempt = move, .file = "%d", .in_task = 1 },
	{ .not_live = NOT_LIVE, .name = "move_prober", .attempt = move, .file = "%d", .argument = "ct-prober" },
	{ .not_live = NOT_LIVE, .name = "move_canary", .attempt = move, .file = "%d", .argument = "ct-canary" },
	{ .not_live = NOT_LIVE, .name = "limit", .attempt = limit, .number = RLIMIT_NOFILE },
	{ .not_live = NOT_LIVE, .name = "limit_cpu", .attempt = limit, .number = RLIMIT_CPU },
	{ .not_live = NOT_LIVE, .name = "scheduler", .attempt = schedule },
	{ .not_live = NOT_LIVE, .name = "processors", .attempt = processors },
	{ .not_live = NOT_LIVE, .name = "processors_thread", .attempt = processors, .in_task = 1 },
	{ .not_live = NOT_LIVE, .name = "processors_compat", .attempt = processors, .compat = 1 },
	{ .not_live = NOT_LIVE, .name = "nice", .attempt = nice_value },
	{ .not_live = NOT_LIVE, .name = "io_priority", .attempt = disk_priority },
	SYSRQ("sysrq", open_plain),
	SYSRQ("sysrq_second_procfs", open_second_procfs),
	SYSRQ("sysrq_bind", open_bind),
	SYSRQ("sysrq_compat", open_compat),
	SYSRQ("sysrq_held", open_held),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "agent_cgroup", roads, COUNT(roads));
}
