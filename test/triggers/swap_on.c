// SPDX-License-Identifier: Apache-2.0
/* Switches on a small swap file of its own, or a loop device over it, and off again. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>

#define PAGE  4096
#define PAGES 64

static char file[64]; /* must lie on a file system that can carry swap: no tmpfs, no overlay */

static void remove_file(void)
{
	unlink(file);
}

static int make_swap_file(void)
{
	static unsigned char page[PAGE];
	uint32_t header[3] = { 1, PAGES - 1, 0 }; /* version, last page, bad pages */
	int fd;

	snprintf(file, sizeof(file), "/var/tmp/ct-swap-%d", getpid());
	fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		cannot_try("no file in /var/tmp");
	memcpy(page + 1024, header, sizeof(header));
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	for (int i = 0; i < PAGES; i++) {
		if (write(fd, page, PAGE) != PAGE)
			cannot_try("no room in /var/tmp");
		memset(page, 0, PAGE);
	}
	if (fsync(fd))
		cannot_try("the file cannot be written out");
	return fd;
}

static void switch_on(const char *path, int compat, struct outcome *out)
{
	char *low = low_memory(PAGE);
	long result;

	snprintf(low, PAGE, "%s", path);
	result = compat ? compat_syscall(87, (unsigned long)low, 0, 0, 0, 0) : (swapon(path, 0) ? -errno : 0);
	if (result) {
		refused(out, (int)-result);
		return;
	}
	succeeded(out, "swapping", 8);
	if (swapoff(path))
		cannot_try("swap was switched on but not off again");
}

static void *switch_on_in_thread(void *out)
{
	switch_on(file, 0, out);
	return NULL;
}

/* A file in memory, which cannot carry swap: whoever is let in hears EINVAL. */
static void name_memory_file(void)
{
	int fd = memfd_create("ct-swap", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, PAGE))
		cannot_try("no file in memory");
	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
}

static void swap_to_file(const struct aim *aim, const struct road *road, struct outcome *out)
{
	pthread_t thread;

	if (aim->live)
		name_memory_file();
	else
		close(make_swap_file());
	if (!road->number)
		switch_on(file, road->compat, out);
	else if (pthread_create(&thread, NULL, switch_on_in_thread, out) || pthread_join(thread, NULL))
		refused(out, EAGAIN);
	if (!aim->live)
		remove_file();
	else if (out->error == EINVAL)
		succeeded(out, "the kernel looked for swap in it", 32);
}

static void swap_to_loop(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int backing = make_swap_file(), control, device;
	char path[32];

	(void)aim;
	(void)road;
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	snprintf(path, sizeof(path), "/dev/loop%d", control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE));
	/* Not for reading: the number may have been swap's until a moment ago, and is block_raw's for a while. */
	device = open(path, O_WRONLY | O_CLOEXEC);
	if (device < 0 || ioctl(device, LOOP_SET_FD, backing)) {
		remove_file();
		cannot_try("no loop device");
	}
	switch_on(path, 0, out);
	ioctl(device, LOOP_CLR_FD);
	close(device);
	remove_file();
}

static const struct road roads[] = {
	{ .name = "file", .live = 1, .attempt = swap_to_file },
	{ .name = "file_compat", .live = 1, .attempt = swap_to_file, .compat = 1 },
	{ .name = "file_thread", .live = 1, .attempt = swap_to_file, .number = 1 },
	{ .name = "block_device", .not_live = "it needs a loop device of the node", .attempt = swap_to_loop },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "swap_on", roads, COUNT(roads));
}
