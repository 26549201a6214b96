/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts by the old calls and by the new ones. */
#ifndef CT_MOUNT_TREE_H
#define CT_MOUNT_TREE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of mount(2), whose header does not go together with that of the new calls. */
#define DETACH 2
#define FORCE  1

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);

static inline int tree(const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

static inline long attach(int from, const char *path)
{
	return syscall(SYS_move_mount, from, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) ? -errno : 0;
}

#endif
