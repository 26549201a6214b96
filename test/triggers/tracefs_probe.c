// SPDX-License-Identifier: Apache-2.0
/* Defines a probe in tracefs and takes it back by the same descriptor. It is never switched on. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
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

	(void)aim;
	if (length <= 0)
		cannot_try("no path of this program");
	self[length] = '\0';
	if (strstr(road->file, "uprobe"))
		snprintf(line, sizeof(line), "p:cttrigger/probe %s:0x1000\n", self);
	else
		snprintf(line, sizeof(line), "p:cttrigger/probe do_sys_openat2\n");
	snprintf(path, sizeof(path), "/sys/kernel/tracing/%s", road->file);
	fd = road->open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	if (write(fd, line, strlen(line)) < 0) {
		refused(out, errno);
	} else {
		succeeded(out, line, strlen(line) - 1);
		if (write(fd, take_back, sizeof(take_back) - 1) < 0)
			cannot_try("the probe was defined but could not be taken back");
	}
	close(fd);
}

#define ROAD(NAME, FILE, OPEN) { .name = NAME, .attempt = define_probe, .file = FILE, .open = OPEN }

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
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "tracefs_probe", roads, COUNT(roads));
}
