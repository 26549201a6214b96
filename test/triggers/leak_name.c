// SPDX-License-Identifier: Apache-2.0
/* A secret becomes the name of a file, directory, node, link or thread, a link's target or an attribute's value. */
#define _GNU_SOURCE
#include "leak.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#define COMPAT_MKDIR 39

/* A directory of its own, left empty. */
static char home[] = "/var/tmp/leak-XXXXXX";

static void go_home(void)
{
	if (!mkdtemp(home) || chdir(home))
		cannot_try("no directory");
}

static void leave(const char *name)
{
	if (unlink(name) && errno == EISDIR)
		rmdir(name);
	unlink("ordinary");
	if (chdir("/") == 0)
		rmdir(home);
}

static int ordinary(void)
{
	int fd = open("ordinary", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		cannot_try("no ordinary file");
	return fd;
}

static int bind_socket(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", name);
	return bind(fd, (struct sockaddr *)&at, sizeof(at));
}

#ifndef SYS_open
/* Processors that have only the calls with a directory: the library makes those. Here the numbers are only names. */
#define SYS_open    SYS_openat
#define SYS_mkdir   SYS_mkdirat
#define SYS_mknod   SYS_mknodat
#define SYS_symlink SYS_symlinkat
#define SYS_link    SYS_linkat
#define SYS_rename  SYS_renameat
#endif

static long name_it(const struct road *road, const char *name)
{
	long result;

	switch (road->number) {
	case SYS_open: return open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	case SYS_mkdir: return mkdir(name, 0700);
	case SYS_mknod: return mknod(name, S_IFIFO | 0600, 0);
	case SYS_symlink: return symlink("ordinary", name);
	case SYS_link: ordinary(); return link("ordinary", name);
	case SYS_rename: ordinary(); return rename("ordinary", name);
	case SYS_bind: return bind_socket(name);
	}
	result = compat_syscall(road->compat, (unsigned long)name, 0700, 0, 0, 0);
	errno = result < 0 ? (int)-result : 0;
	return result;
}

static void by_name(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct stat there;
	size_t length;
	char *name = leak_text(road, &length);
	long result;

	(void)aim;
	go_home();
	result = name_it(road, name);
	if (result < 0)
		refused(out, errno);
	else if (lstat(name, &there))
		refused(out, ENODATA);
	else
		succeeded(out, "it came out", 11);
	leave(name);
}

static void by_target(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char back[256];
	size_t length;
	char *text = leak_text(road, &length);

	(void)aim;
	go_home();
	if (symlink(text, "ordinary"))
		refused(out, errno);
	else
		came_out(out, road, back, readlink("ordinary", back, sizeof(back)));
	leave("ordinary");
}

static void by_attribute(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char back[256];
	size_t length;
	char *text = leak_text(road, &length);
	int fd;

	(void)aim;
	go_home();
	fd = ordinary();
	if (fsetxattr(fd, "trusted.leak", text, length, 0))
		refused(out, errno);
	else
		came_out(out, road, back, fgetxattr(fd, "trusted.leak", back, sizeof(back)));
	leave("ordinary");
}

static void by_attribute_name(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char name[256] = "trusted.", back[256];
	size_t length;
	char *text = leak_text(road, &length);
	int fd;

	(void)aim;
	go_home();
	fd = ordinary();
	strncat(name, text, length);
	if (fsetxattr(fd, name, "", 0, 0))
		refused(out, errno);
	else
		came_out(out, road, back, flistxattr(fd, back, sizeof(back)));
	leave("ordinary");
}

/* Of what it is given the kernel keeps 15 bytes. */
static void by_thread(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char back[16] = "";
	size_t length;
	char *text = leak_text(road, &length);

	(void)aim;
	if (prctl(PR_SET_NAME, text)) {
		refused(out, errno);
		return;
	}
	prctl(PR_GET_NAME, back);
	if (strncmp(back, text, sizeof(back) - 1))
		refused(out, ENODATA);
	else
		succeeded(out, "it came out", 11);
}

#define ROAD(NAME, ATTEMPT, ...) { .name = NAME, .not_live = OWN_LEAK, .attempt = ATTEMPT, __VA_ARGS__ }

static const struct road roads[] = {
	ROAD("create", by_name, .number = SYS_open),
	ROAD("mkdir", by_name, .number = SYS_mkdir),
	ROAD("mkdir_compat", by_name, .compat = COMPAT_MKDIR),
	ROAD("mknod", by_name, .number = SYS_mknod),
	ROAD("bind", by_name, .number = SYS_bind),
	ROAD("symlink", by_name, .number = SYS_symlink),
	ROAD("link", by_name, .number = SYS_link),
	ROAD("rename", by_name, .number = SYS_rename),
	ROAD("hex", by_name, .number = SYS_mkdir, .argument = "hex"),
	ROAD("target", by_target, .number = 0),
	ROAD("attribute", by_attribute, .number = 0),
	ROAD("attribute_name", by_attribute_name, .number = 0),
	ROAD("thread_name", by_thread, .number = 0),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "leak_name", roads, COUNT(roads));
}
