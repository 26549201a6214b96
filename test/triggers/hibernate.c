// SPDX-License-Identifier: Apache-2.0
/* Comes as far as hibernation goes without the machine falling asleep. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A word that names no state, and no disk: whoever is let in gets EINVAL. */
static void write_state(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int fd = road->open(road->file ? road->file : "/sys/power/state", O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	if (aim->live) {
		succeeded(out, "power state open", 16);
		close(fd);
		return;
	}
	if (write(fd, "never", 5) < 0 && errno == EINVAL)
		succeeded(out, "power state open", 16);
	else
		refused(out, errno);
	close(fd);
}

static int open_fresh_snapshot(const char *path, int flags)
{
	(void)path;
	private_mnt();
	if (mknod("/mnt/harmless", S_IFCHR | 0600, makedev(10, 231)))
		cannot_try("mknod failed");
	return open_plain("/mnt/harmless", flags);
}

static void open_snapshot(const struct aim *aim, const struct road *road, struct outcome *out)
{
	/* For reading and writing at once the driver is not made: it says ENOSYS before it prepares anything. */
	int fd = road->open("/dev/snapshot", (aim->live ? O_RDWR : O_RDONLY) | O_CLOEXEC);

	if (fd == -ENOSYS) {
		succeeded(out, "the driver answered", 19);
		return;
	}
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	succeeded(out, "snapshot open", 13);
	close(fd);
}

/*
 * Only where a guard stands: without one the kernel waits in this call for a lock that it holds itself (seen on
 * 6.12), and nothing that has to do with sleep or reboot works any more.
 */
static void call_reboot(const struct aim *aim, const struct road *road, struct outcome *out)
{
	unsigned long first = LINUX_REBOOT_MAGIC1, second = LINUX_REBOOT_MAGIC2, sleep = LINUX_REBOOT_CMD_SW_SUSPEND;
	long result = road->compat ? compat_syscall(88, first, second, sleep, 0, 0)
				   : (syscall(SYS_reboot, first, second, sleep, 0) ? -errno : 0);

	(void)aim;
	if (result)
		refused(out, (int)-result);
	else
		succeeded(out, "slept", 5);
}

#define BLOCKS "where nothing guards, the kernel blocks itself in this call"

#define STATE(NAME, OPEN)    { .name = NAME, .live = 1, .attempt = write_state, .open = OPEN }
#define SNAPSHOT(NAME, OPEN) { .name = NAME, .live = 1, .attempt = open_snapshot, .open = OPEN }

static const struct road roads[] = {
	STATE("default", open_plain),
	STATE("bind", open_bind),
	STATE("opath", open_opath),
	STATE("compat", open_compat),
	STATE("thread", open_in_thread),
	STATE("io_uring_async", open_io_uring_async),
	{ .name = "resume", .live = 1, .attempt = write_state, .open = open_plain, .file = "/sys/power/resume" },
	SNAPSHOT("snapshot", open_plain),
	SNAPSHOT("snapshot_fresh_node", open_fresh_snapshot),
	{ .name = "reboot", .not_live = BLOCKS, .attempt = call_reboot },
	{ .name = "reboot_compat", .not_live = BLOCKS, .attempt = call_reboot, .compat = 1 },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "hibernate", roads, COUNT(roads));
}
