// SPDX-License-Identifier: Apache-2.0
/*
 * Defines a probe or a synthetic event in tracefs and takes it back by the same descriptor; it is never switched on. Or
 * has the kernel record what write() is given, where it can; the evidence is what a child of ours wrote. Or gives a
 * file that has events of system calls compared, counted or followed by a stack its words, and takes them back.
 */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_second_tracefs(const char *path, int flags)
{
	char second[160];

	private_mnt();
	if (mount("none", "/mnt", "tracefs", 0, NULL))
		cannot_try("no second tracefs");
	snprintf(second, sizeof(second), "/mnt%s", strrchr(path, '/'));
	return open_plain(second, flags);
}

static int open_debugfs(const char *path, int flags)
{
	char second[160];

	private_mnt();
	if (mount("none", "/mnt", "debugfs", 0, NULL))
		cannot_try("no debugfs");
	snprintf(second, sizeof(second), "/mnt/tracing%s", strrchr(path, '/'));
	return open_plain(second, flags);
}

/* "p:GROUP/NAME WHERE" defines, "-:GROUP/NAME" takes back; a uprobe is put on this program's own file. */
static void define_probe(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static const char take_back[] = "-:cttrigger/probe\n";
	char path[64], self[256], line[320];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd;

	if (length <= 0)
		cannot_try("no path of this program");
	self[length] = '\0';
	if (strstr(road->file, "uprobe"))
		snprintf(line, sizeof(line), "p:cttrigger/probe %s:0x1000\n", self);
	else
		snprintf(line, sizeof(line), "p:cttrigger/probe do_sys_openat2\n");
	snprintf(path, sizeof(path), "/sys/kernel/tracing/%s", road->file);
	fd = road->open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (ends_at_open(aim, fd, out))
		return;
	if (write(fd, line, strlen(line)) < 0) {
		refused(out, errno);
	} else {
		succeeded(out, line, strlen(line) - 1);
		if (write(fd, take_back, sizeof(take_back) - 1) < 0)
			cannot_try("the probe was defined but could not be taken back");
	}
	close(fd);
}

/* "NAME FIELD" defines, "!NAME" takes back: without a text in it, which some kernels do not have. */
static void define_synthetic(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static const char line[] = "ctsynthetic u64 word\n", take_back[] = "!ctsynthetic\n";
	int fd = road->open("/sys/kernel/tracing/synthetic_events", O_WRONLY | O_APPEND | O_CLOEXEC);

	if (ends_at_open(aim, fd, out))
		return;
	if (write(fd, line, sizeof(line) - 1) < 0)
		cannot_try("the event is not taken");
	succeeded(out, line, sizeof(line) - 2);
	if (write(fd, take_back, sizeof(take_back) - 1) < 0)
		cannot_try("the event was defined but could not be taken back");
	close(fd);
}

#define TRACING "/sys/kernel/tracing"
#define WRITTEN "written-by-a-child"

/* What a child writes to /dev/null must not stand in the trace. */
static int is_recorded(const char *instance)
{
	char path[96], text[4096];
	pid_t child = fork();
	int status, null;
	FILE *trace;

	if (child < 0)
		cannot_try("no child");
	if (child == 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		_exit(write(null, WRITTEN, sizeof(WRITTEN)) != sizeof(WRITTEN));
	}
	if (waitpid(child, &status, 0) < 0 || status)
		cannot_try("the child did not write");
	snprintf(path, sizeof(path), "%s/trace", instance);
	trace = fopen(path, "re");
	if (!trace)
		cannot_try("the trace cannot be read");
	while (fgets(text, sizeof(text), trace))
		if (strstr(text, WRITTEN)) {
			fclose(trace);
			return 1;
		}
	fclose(trace);
	return 0;
}

/* One write of the road's own words into its file, in an instance of its own, which goes with all it recorded. */
static void record_syscalls(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static const char instance[] = TRACING "/instances/cttrigger";
	char path[160];
	int fd;

	(void)aim;
	if (access(TRACING "/syscall_user_buf_size", F_OK))
		cannot_try("the events of system calls hold no contents on this kernel");
	if (mkdir(instance, 0700) && errno != EEXIST)
		cannot_try("no instance of tracing");
	snprintf(path, sizeof(path), "%s/%s", instance, road->file);
	fd = road->open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
	} else if (write(fd, road->argument, strlen(road->argument)) < 0) {
		refused(out, errno);
	} else if (is_recorded(instance)) {
		succeeded(out, WRITTEN, sizeof(WRITTEN) - 1);
	} else {
		cannot_try("the kernel took the order and recorded nothing");
	}
	/* A trigger holds the instance until it is taken off. */
	if (!out->error && !strcmp(road->name, "syscall_trigger") && dprintf(fd, "!%s", road->argument) < 0)
		cannot_try("the trigger was set but could not be taken off");
	if (fd >= 0)
		close(fd);
	rmdir(instance);
}

/* road->argument into road->file of an instance of its own, then what takes it back: "!WORDS", or 0. Live: an open. */
static void give_words(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static const char instance[] = TRACING "/instances/ctwords";
	char path[160];
	int fd;

	if (!aim->live && mkdir(instance, 0700) && errno != EEXIST)
		cannot_try("no instance of tracing");
	snprintf(path, sizeof(path), "%s/%s", aim->live ? TRACING : instance, road->file);
	fd = road->open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (!ends_at_open(aim, fd, out)) {
		if (write(fd, road->argument, strlen(road->argument)) < 0)
			cannot_try("the words are not taken");
		succeeded(out, road->argument, strlen(road->argument) - 1);
		if ((road->number ? dprintf(fd, "!%s", road->argument) : dprintf(fd, "0\n")) < 0)
			cannot_try("the words could not be taken back");
		close(fd);
	}
	rmdir(instance);
}

#define RECORDS "it would have the kernel record what every process writes, where the whole node sees it"
#define RECORD(NAME, FILE, WORDS, OPEN)                                                                                \
	{ .name = NAME, .not_live = RECORDS, .attempt = record_syscalls, .file = FILE, .argument = WORDS, .open = OPEN }
#define WORDS(NAME, FILE, TEXT, UNDO)                                                                                  \
	{ .name = NAME,                                                                                                \
	  .live = 1,                                                                                                   \
	  .attempt = give_words,                                                                                       \
	  .file = FILE,                                                                                                \
	  .argument = TEXT,                                                                                            \
	  .open = open_plain,                                                                                          \
	  .number = UNDO }
#define ROAD(NAME, FILE, OPEN) { .name = NAME, .live = 1, .attempt = define_probe, .file = FILE, .open = OPEN }

static const struct road roads[] = {
	ROAD("kprobe_events", "kprobe_events", open_plain),
	ROAD("uprobe_events", "uprobe_events", open_plain),
	ROAD("dynamic_events", "dynamic_events", open_plain),
	ROAD("debugfs", "kprobe_events", open_debugfs),
	ROAD("second_tracefs", "kprobe_events", open_second_tracefs),
	ROAD("bind", "kprobe_events", open_bind),
	ROAD("opath", "kprobe_events", open_opath),
	ROAD("compat", "kprobe_events", open_compat),
	ROAD("thread", "kprobe_events", open_in_thread),
	ROAD("io_uring_async", "kprobe_events", open_io_uring_async),
	{ .name = "synthetic_events", .live = 1, .attempt = define_synthetic, .open = open_plain },
	WORDS("filter", "events/syscalls/sys_enter_openat/filter", "filename ~ \"ct*\"\n", 0),
	WORDS("filter_of_all", "events/syscalls/filter", "common_pid == 1\n", 0),
	WORDS("trigger", "events/syscalls/sys_enter_openat/trigger", "traceon\n", 1),
	WORDS("user_stacks", "options/userstacktrace", "1\n", 0),
	RECORD("syscall_event", "events/syscalls/sys_enter_write/enable", "1\n", open_plain),
	RECORD("syscall_events", "events/syscalls/enable", "1\n", open_plain),
	RECORD("syscall_compat", "events/syscalls/sys_enter_write/enable", "1\n", open_compat),
	RECORD("syscall_set_event", "set_event", "syscalls:sys_enter_write\n", open_plain),
	RECORD("syscall_trigger", "events/sched/sched_process_fork/trigger", "enable_event:syscalls:sys_enter_write\n",
	       open_plain),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "tracefs_probe", roads, COUNT(roads));
}
