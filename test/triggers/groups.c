// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "groups.h"
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "/sys/fs/cgroup"

int open_second_cgroupfs(const char *path, int flags)
{
	char second[128];

	private_mnt();
	if (mkdir("/mnt/cgroup", 0755) || mount("none", "/mnt/cgroup", "cgroup2", 0, NULL))
		cannot_try("no second mount of the control groups");
	snprintf(second, sizeof(second), "/mnt/cgroup%s", path + strlen(ROOT));
	return open_plain(second, flags);
}

/* Dentries that nobody uses go; a handle then makes one that has no name. */
static void forget_names(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "2", 1) != 1)
		cannot_try("the kernel's cache of names cannot be emptied");
	close(fd);
}

int open_by_handle(const char *path, int flags)
{
	static union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} named = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int mount_id, root, fd;

	if (name_to_handle_at(AT_FDCWD, path, &named.handle, &mount_id, 0))
		cannot_try("the file has no handle");
	root = open(ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		cannot_try("the control groups cannot be opened");
	forget_names();
	fd = open_by_handle_at(root, &named.handle, flags);
	return fd < 0 ? -errno : fd;
}
