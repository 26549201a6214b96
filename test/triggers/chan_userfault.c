// SPDX-License-Identifier: Apache-2.0
/* A userfaultfd that can be used: made by system call or by its device, and greeted. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "marker.h"

#define USER_MODE_ONLY 1
/* linux/userfaultfd.h of older distributions does not have it. */
#define NEW_BY_DEVICE _IO(0xAA, 0x00)

static int by_call(const struct road *road)
{
	int fd = road->compat ? (int)compat_syscall(374, 0, 0, 0, 0, 0)
			      : (int)syscall(SYS_userfaultfd, O_CLOEXEC | road->number);

	if (road->compat && fd < 0) {
		errno = -fd;
		return -1;
	}
	return fd;
}

static int by_device(const struct road *road)
{
	int device = open(road->file, O_RDWR | O_CLOEXEC);

	if (device < 0)
		cannot_try("no /dev/userfaultfd");
	return ioctl(device, NEW_BY_DEVICE, O_CLOEXEC);
}

static void make(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = road->file ? by_device(road) : by_call(road);

	(void)aim;
	if (fd < 0 && (errno == ENOSYS || errno == EINVAL))
		cannot_try("not on this kernel");
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		refused(out, errno);
	else
		succeeded(out, MARKER, sizeof(MARKER) - 1);
}

static void *make_there(void *argument)
{
	void **work = argument;

	make(work[0], work[1], work[2]);
	return NULL;
}

static void make_in_thread(const struct aim *aim, const struct road *road, struct outcome *out)
{
	void *work[] = { (void *)aim, (void *)road, out };
	pthread_t thread;

	errno = pthread_create(&thread, NULL, make_there, work);
	if (errno)
		cannot_try("no second thread");
	pthread_join(thread, NULL);
}

static const struct road roads[] = {
	{ .name = "default", .not_live = OWN_ACT, .attempt = make },
	{ .name = "user_mode_only", .not_live = OWN_ACT, .attempt = make, .number = USER_MODE_ONLY },
	{ .name = "device", .not_live = OWN_ACT, .attempt = make, .file = "/dev/userfaultfd" },
	{ .name = "compat", .not_live = OWN_ACT, .attempt = make, .compat = 1 },
	{ .name = "thread", .not_live = OWN_ACT, .attempt = make_in_thread },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "chan_userfault", roads, COUNT(roads));
}
