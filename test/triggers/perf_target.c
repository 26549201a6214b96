// SPDX-License-Identifier: Apache-2.0
/* A perf event on the target, or one that takes registers and stacks of whoever runs. Evidence is the descriptor. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct order {
	pid_t pid;
	int cpu;
	unsigned long long samples;
	int compat;
	long result;
};

static void *open_event(void *argument)
{
	struct order *order = argument;
	struct perf_event_attr *attr = low_memory(4096);

	memset(attr, 0, sizeof(*attr));
	attr->size = sizeof(*attr);
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = PERF_COUNT_SW_CPU_CLOCK;
	attr->sample_period = 1000000;
	attr->sample_type = PERF_SAMPLE_IP | order->samples;
	if (order->samples) {
		attr->sample_regs_user = 0xff;
		attr->sample_stack_user = 1024;
	}
	if (order->compat)
		order->result = compat_syscall(336, (unsigned long)attr, (unsigned long)order->pid,
					       (unsigned long)order->cpu, (unsigned long)-1, 0);
	else
		order->result = syscall(SYS_perf_event_open, attr, order->pid, order->cpu, -1, 0);
	if (order->result < 0 && !order->compat)
		order->result = -errno;
	return NULL;
}

static void conclude(const struct order *order, struct outcome *out)
{
	if (order->result < 0) {
		refused(out, (int)-order->result);
		return;
	}
	succeeded(out, "", 0);
	close((int)order->result);
}

#define REGISTERS_AND_STACK (PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)

static void on_leader(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct order order = { aim->target, -1, REGISTERS_AND_STACK, road->compat, 0 };

	open_event(&order);
	conclude(&order, out);
}

static void on_thread(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct order order = { other_thread(aim), -1, 0, road->compat, 0 };

	open_event(&order);
	conclude(&order, out);
}

static void from_thread(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct order order = { aim->target, -1, 0, road->compat, 0 };
	pthread_t thread;

	errno = pthread_create(&thread, NULL, open_event, &order);
	if (errno)
		cannot_try("no second thread");
	pthread_join(thread, NULL);
	conclude(&order, out);
}

static void on_processor(const struct aim *aim, const struct road *road, struct outcome *out)
{
	unsigned long long samples = road->number ? PERF_SAMPLE_CALLCHAIN : REGISTERS_AND_STACK;
	struct order order = { -1, 0, samples, road->compat, 0 };

	(void)aim;
	open_event(&order);
	conclude(&order, out);
}

/* What every process on one processor gives to write(), where the kernel records it: known by the event's format. */
static void on_syscall(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static const char event[] = "/sys/kernel/tracing/events/syscalls/sys_enter_write/id";
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .sample_period = 1 };
	struct order order = { 0 };
	FILE *file;

	(void)aim;
	(void)road;
	if (access("/sys/kernel/tracing/syscall_user_buf_size", F_OK))
		cannot_try("the events of system calls hold no contents on this kernel");
	file = fopen(event, "re");
	if (!file || fscanf(file, "%llu", &attr.config) != 1)
		cannot_try("the event has no number");
	fclose(file);
	attr.sample_type = PERF_SAMPLE_RAW;
	order.result = syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);
	if (order.result < 0)
		order.result = -errno;
	conclude(&order, out);
}

#define NAME_ASKED "cloudtaser-asks"

/* A counting event on ourselves whose filter tells what lies where a call of ours points: here, a text of ours. */
static void filter_syscall(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static const char event[] = "/sys/kernel/tracing/events/syscalls/sys_enter_openat/id";
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	unsigned long long counted = 0;
	FILE *file = fopen(event, "re");
	long fd;

	(void)aim;
	(void)road;
	if (!file || fscanf(file, "%llu", &attr.config) != 1)
		cannot_try("the event has no number");
	fclose(file);
	fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	if (fd < 0) {
		refused(out, errno);
		return;
	}
	/* Some kernels want to be told that the address is a process's. */
	if (ioctl((int)fd, PERF_EVENT_IOC_SET_FILTER, "filename.ustring ~ \"" NAME_ASKED "*\"") &&
	    ioctl((int)fd, PERF_EVENT_IOC_SET_FILTER, "filename ~ \"" NAME_ASKED "*\""))
		cannot_try("the filter is not taken");
	syscall(SYS_openat, -1, "another", O_RDONLY);
	syscall(SYS_openat, -1, NAME_ASKED, O_RDONLY);
	if (read((int)fd, &counted, sizeof(counted)) != sizeof(counted) || counted != 1)
		cannot_try("the filter tells nothing");
	succeeded(out, NAME_ASKED, sizeof(NAME_ASKED) - 1);
	close((int)fd);
}

static const struct road roads[] = {
	{ .name = "default", .live = 1, .attempt = on_leader },
	{ .name = "thread", .live = 1, .attempt = on_thread },
	{ .name = "thread_of_attacker", .live = 1, .attempt = from_thread },
	{ .name = "compat", .live = 1, .attempt = on_leader, .compat = 1 },
	{ .name = "system_wide", .live = 1, .wide = 1, .attempt = on_processor },
	{ .name = "system_wide_compat", .live = 1, .wide = 1, .attempt = on_processor, .compat = 1 },
	{ .name = "call_chains", .live = 1, .wide = 1, .attempt = on_processor, .number = 1 },
	{ .name = "syscall_filter", .live = 1, .wide = 1, .attempt = filter_syscall },
	{ .name = "syscall_contents",
	  .not_live = "it would have the kernel record what every process writes",
	  .attempt = on_syscall },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "perf_target", roads, COUNT(roads));
}
