// SPDX-License-Identifier: Apache-2.0
/*
 * Roads to memory past the kernel: registers of the processor, ports, PCI configuration, drivers in user space.
 * Nothing is changed: a register is read, a port that does nothing is lent, a byte is written back as it was.
 */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifdef __x86_64__
#include <sys/io.h>
#else
static int no_ports(void)
{
	errno = ENOSYS;
	cannot_try("this processor has no ports");
}
#define ioperm(from, count, on) no_ports()
#define iopl(level)		no_ports()
#endif

#define MSR_MAJOR	   202
#define TIME_STAMP	   0x10 /* register number */
#define PROGRESS_PORT	   0x80
#define PAST_CONFIGURATION 8192
#define INTERRUPT_LINE	   0x3c /* in PCI configuration: a note that only software reads */

static int open_node(unsigned int major, unsigned int minor, int flags)
{
	private_mnt();
	if (mknod("/mnt/harmless", S_IFCHR | 0600, makedev(major, minor)))
		cannot_try("mknod failed");
	return open_plain("/mnt/harmless", flags);
}

/* Opening a node without a driver makes the kernel load one, which a node in use must not see. */
static void need_driver(const struct aim *aim, const char *list, const char *name)
{
	char line[128], word[64];
	FILE *lines = aim->live ? fopen(list, "re") : NULL;
	int found = !aim->live;

	while (lines && !found && fgets(line, sizeof(line), lines) && line[0] != 'B')
		found = sscanf(line, "%*u %63s", word) == 1 && !strcmp(word, name);
	if (lines)
		fclose(lines);
	errno = ENODEV;
	if (!found)
		cannot_try("that driver is not loaded");
}

static int open_fresh_msr(const char *path, int flags)
{
	(void)path;
	return open_node(MSR_MAJOR, 0, flags);
}

static void read_register(const struct aim *aim, const struct road *road, struct outcome *out)
{
	uint64_t value;
	char text[32];
	int fd;

#ifndef __x86_64__
	errno = ENODEV;
	cannot_try("this processor has no model-specific registers");
#endif
	need_driver(aim, "/proc/devices", "cpu/msr");
	fd = road->open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	if (aim->live) {
		succeeded(out, "registers open", 14);
		close(fd);
		return;
	}
	if (pread(fd, &value, sizeof(value), TIME_STAMP) != sizeof(value)) {
		refused(out, errno);
	} else {
		snprintf(text, sizeof(text), "%016llx", (unsigned long long)value);
		succeeded(out, text, 16);
	}
	close(fd);
}

static void lend_port(const struct aim *aim, const struct road *road, struct outcome *out)
{
	long result = road->compat ? compat_syscall(101, PROGRESS_PORT, 1, 1, 0, 0)
				   : (ioperm(PROGRESS_PORT, 1, 1) ? -errno : 0);

	(void)aim;
	if (result)
		refused(out, (int)-result);
	else
		succeeded(out, "a port", 6);
}

static void lend_all_ports(const struct aim *aim, const struct road *road, struct outcome *out)
{
	long result = road->compat ? compat_syscall(110, 3, 0, 0, 0, 0) : (iopl(3) ? -errno : 0);

	(void)aim;
	if (result)
		refused(out, (int)-result);
	else
		succeeded(out, "all ports", 9);
}

static void write_configuration(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int fd = open_plain(road->file, O_RDWR | O_CLOEXEC);
	unsigned char byte;

	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	if (aim->live) {
		/* Past the end, where there is nothing to write: 0 bytes, but the kernel asks first. */
		if (pwrite(fd, "", 1, PAST_CONFIGURATION) < 0)
			refused(out, errno);
		else
			succeeded(out, "PCI configuration", 17);
		close(fd);
		return;
	}
	if (pread(fd, &byte, 1, INTERRUPT_LINE) != 1)
		cannot_try("PCI configuration cannot be read");
	if (pwrite(fd, &byte, 1, INTERRUPT_LINE) != 1)
		refused(out, errno);
	else
		succeeded(out, "PCI configuration", 17);
	close(fd);
}

/* The driver's word for a device that nobody has bound is ENODEV: it was asked, which is what a guard prevents. */
static void ask_driver(unsigned int major, struct outcome *out)
{
	int fd = open_node(major, 0, O_RDWR | O_CLOEXEC);

	if (fd < 0 && fd != -ENODEV) {
		refused(out, -fd);
		return;
	}
	succeeded(out, "the driver answered", 19);
	if (fd >= 0)
		close(fd);
}

static void open_dynamic(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char line[128], name[64];
	unsigned int major, found = 0;
	FILE *devices = fopen("/proc/devices", "re");

	(void)aim;
	if (!devices)
		cannot_try("/proc/devices cannot be read");
	while (!found && fgets(line, sizeof(line), devices) && line[0] != 'B')
		if (sscanf(line, "%u %63s", &major, name) == 2 && !strcmp(name, road->file))
			found = major;
	fclose(devices);
	errno = ENODEV;
	if (!found)
		cannot_try("that driver is not loaded");
	ask_driver(found, out);
}

static void open_vfio(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int fd;

	(void)road;
	need_driver(aim, "/proc/misc", "vfio");
	fd = open_node(10, 196, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	succeeded(out, "VFIO container", 14);
	close(fd);
}

#define MSR(NAME, OPEN) { .name = NAME, .live = 1, .attempt = read_register, .open = OPEN }

static const struct road roads[] = {
	MSR("default", open_plain),
	MSR("fresh_node", open_fresh_msr),
	MSR("opath", open_opath),
	MSR("compat", open_compat),
	MSR("io_uring_async", open_io_uring_async),
	{ .name = "ioperm", .live = 1, .attempt = lend_port },
	{ .name = "ioperm_compat", .live = 1, .attempt = lend_port, .compat = 1 },
	{ .name = "iopl", .live = 1, .attempt = lend_all_ports },
	{ .name = "iopl_compat", .live = 1, .attempt = lend_all_ports, .compat = 1 },
	{ .name = "pci_sysfs",
	  .not_live = "it is refused only at a real write",
	  .attempt = write_configuration,
	  .file = "/sys/bus/pci/devices/0000:00:00.0/config" },
	{ .name = "pci_procfs", .live = 1, .attempt = write_configuration, .file = "/proc/bus/pci/00/00.0" },
	{ .name = "vfio", .live = 1, .attempt = open_vfio },
	{ .name = "uio", .not_live = "its driver may be at work for somebody", .attempt = open_dynamic, .file = "uio" },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "msr_io", roads, COUNT(roads));
}
