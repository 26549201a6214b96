// SPDX-License-Identifier: Apache-2.0
/*
 * The prober's attempts at the doors where names, attributes, messages and keys pass: on a tmpfs of its own, which is
 * attached nowhere and goes with the prober. Each returns an errno as in prober.c; what is unguarded is undone at once.
 */
#define _GNU_SOURCE
#include "names.h"
#include "canary.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The C library has no names for these before 2.36. */
#define CALL_FSOPEN   430
#define CALL_FSCONFIG 431
#define CALL_FSMOUNT  432
#define CONFIG_CREATE 6

static int private_tmpfs = -1;

int hold_names(void)
{
	int context = (int)syscall(CALL_FSOPEN, "tmpfs", 1 /* close on exec */);

	if (context < 0)
		return errno;
	if (!syscall(CALL_FSCONFIG, context, CONFIG_CREATE, NULL, NULL, 0))
		private_tmpfs = (int)syscall(CALL_FSMOUNT, context, 1 /* close on exec */, 0);
	close(context);
	return private_tmpfs < 0 ? errno : 0;
}

static int probe_inode_create(void)
{
	int fd = openat(private_tmpfs, "created", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	unlinkat(private_tmpfs, "created", 0);
	return 0;
}

static int probe_inode_mkdir(void)
{
	if (mkdirat(private_tmpfs, "directory", 0700))
		return errno;
	unlinkat(private_tmpfs, "directory", AT_REMOVEDIR);
	return 0;
}

static int probe_inode_mknod(void)
{
	if (mknodat(private_tmpfs, "pipe", S_IFIFO | 0600, 0))
		return errno;
	unlinkat(private_tmpfs, "pipe", 0);
	return 0;
}

static int probe_inode_symlink(void)
{
	if (symlinkat("nowhere", private_tmpfs, "link"))
		return errno;
	unlinkat(private_tmpfs, "link", 0);
	return 0;
}

/* Unguarded: EOPNOTSUPP, since procfs keeps no attributes. */
static int probe_inode_setxattr(void)
{
	return setxattr("/proc", "trusted.canary", "", 0, 0) ? errno : 0;
}

/* Unguarded: the name that it has already. */
static int probe_task_prctl(void)
{
	return prctl(PR_SET_NAME, CANARY_PROBER) ? errno : 0;
}

/* Unguarded: EINVAL, since there is no such queue. */
static int probe_msg_msg_alloc_security(void)
{
	struct {
		long type;
		char text[1];
	} message = { .type = 1 };

	return msgsnd(0x7fffffff, &message, sizeof(message.text), IPC_NOWAIT) ? errno : 0;
}

/* Unguarded: a key ring of its own, which is empty and goes with the prober. */
static int probe_key_permission(void)
{
	return syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -1 /* of the thread */, 1) < 0 ? errno : 0;
}

static const struct {
	const char *name;
	int (*attempt)(void);
} probes[] = {
	{ "inode_create", probe_inode_create },
	{ "inode_mkdir", probe_inode_mkdir },
	{ "inode_mknod", probe_inode_mknod },
	{ "inode_symlink", probe_inode_symlink },
	{ "inode_setxattr", probe_inode_setxattr },
	{ "task_prctl", probe_task_prctl },
	{ "msg_msg_alloc_security", probe_msg_msg_alloc_security },
	{ "key_permission", probe_key_permission },
};

int probe_name(const char *name)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (!strcmp(name, probes[i].name)) {
			say_number(name, probes[i].attempt());
			return 1;
		}
	}
	return 0;
}
