// SPDX-License-Identifier: Apache-2.0
/*
 * The switches that silence guards, turned to where they are, or given a word that they do not know: whoever is let in
 * is told EINVAL. One write is one attempt.
 */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ftrace[] = "/proc/sys/kernel/ftrace_enabled";
static const char kprobes[] = "/sys/kernel/debug/kprobes/enabled";
static const char preempt[] = "/sys/kernel/debug/sched/preempt";
static const char lockdown[] = "/sys/kernel/security/lockdown";

static int open_second_debugfs(const char *path, int flags)
{
	char second[128];

	private_mnt();
	if (mkdir("/mnt/debug", 0755) || mount("none", "/mnt/debug", "debugfs", 0, NULL))
		cannot_try("no second debugfs");
	snprintf(second, sizeof(second), "/mnt/debug%s", path + strlen("/sys/kernel/debug"));
	return open_plain(second, flags);
}

static void turn(const struct aim *aim, const struct road *road, struct outcome *out)
{
	const char *word = road->number ? "never" : "1";
	int fd = road->open(road->file, O_WRONLY | O_CLOEXEC);

	(void)aim;
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	if (write(fd, word, strlen(word)) > 0 || (road->number && errno == EINVAL))
		succeeded(out, word, strlen(word));
	else
		refused(out, errno);
	close(fd);
}

#define SWITCH(NAME, FILE, OPEN) { .name = NAME, .attempt = turn, .file = FILE, .open = OPEN }
#define NEVER(NAME, FILE, OPEN)	 { .name = NAME, .attempt = turn, .file = FILE, .open = OPEN, .number = 1 }

static const struct road roads[] = {
	SWITCH("default", ftrace, open_plain),
	SWITCH("second_procfs", ftrace, open_second_procfs),
	SWITCH("bind", ftrace, open_bind),
	SWITCH("opath", ftrace, open_opath),
	SWITCH("compat", ftrace, open_compat),
	SWITCH("thread_of_attacker", ftrace, open_in_thread),
	SWITCH("io_uring", ftrace, open_io_uring),
	SWITCH("io_uring_async", ftrace, open_io_uring_async),
	SWITCH("held", ftrace, open_held),
	SWITCH("kprobes", kprobes, open_plain),
	SWITCH("kprobes_second_debugfs", kprobes, open_second_debugfs),
	SWITCH("kprobes_bind", kprobes, open_bind),
	SWITCH("kprobes_compat", kprobes, open_compat),
	SWITCH("kprobes_io_uring_async", kprobes, open_io_uring_async),
	SWITCH("kprobes_held", kprobes, open_held),
	NEVER("preempt", preempt, open_plain),
	NEVER("preempt_second_debugfs", preempt, open_second_debugfs),
	NEVER("lockdown", lockdown, open_plain),
	NEVER("lockdown_opath", lockdown, open_opath),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "hooks_off", roads, COUNT(roads));
}
