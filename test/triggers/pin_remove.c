// SPDX-License-Identifier: Apache-2.0
/*
 * The pins of the agent removed, renamed, covered or unmounted. A helper puts back what an attack that succeeds has
 * changed; it is another process, so that what it does is not taken for the attack.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mount_tree.h"
#include "objects.h"
#include "pin_add.h"
#include "protect.h"
#include "trigger.h"

#define NOT_LIVE "where nothing guards, it takes away what the agent of this node rests on"

#define BPFFS	   "/sys/fs/bpf"
#define BPFFS_TYPE 0xcafe4a11
#define ELSEWHERE  "/run/moved"
enum helper { PIN, ADD, DIRECTORY, MODE, MOUNT, PARENT, PEERS };

static struct objects objects;
static char other[PIN_PATH], directory[PIN_PATH];
static int line[2], kept = -1;
static pid_t helper;

static int bpffs_is_seen(void)
{
	struct statfs status;

	return !statfs(BPFFS, &status) && status.f_type == (long)BPFFS_TYPE;
}

static void prepare(enum helper what)
{
	switch (what) {
	case PIN:
		kept = get_pinned(objects.spare, 0, 0);
		symlink("nothing", BPFFS "/foreign");
		break;
	case ADD: symlink("nothing", BPFFS "/foreign"); break;
	case PEERS:
		mount("none", "/", NULL, MS_REC | MS_SHARED, NULL);
		kept = tree(BPFFS, 0);
		break;
	case MOUNT: kept = tree(BPFFS, 0); break;
	case PARENT: kept = tree("/sys", AT_RECURSIVE); break;
	default: break;
	}
	mkdir(ELSEWHERE, 0700);
}

static void put_back(enum helper what)
{
	switch (what) {
	case PIN:
		unlink(other);
		unlink(objects.spare);
		pin(kept, objects.spare);
		return;
	case ADD:
		if (unlink(other))
			rmdir(other);
		rmdir(directory);
		return;
	case DIRECTORY: rename(directory, objects.maps); return;
	case MODE: chmod(objects.link, 0); return;
	case PARENT:
		if (!bpffs_is_seen())
			attach(kept, "/sys");
		break;
	default:
		umount2(ELSEWHERE, DETACH);
		umount2(objects.top, DETACH);
		if (access(BPFFS, F_OK))
			umount2("/sys/fs", DETACH);
		if (!bpffs_is_seen())
			umount2(BPFFS, DETACH);
		if (!bpffs_is_seen())
			attach(kept, BPFFS);
		mount("none", BPFFS, NULL, MS_REMOUNT, NULL);
	}
	reload_agent();
}

static void begin(enum helper what)
{
	char word;

	find_objects(&objects);
	snprintf(other, sizeof(other), "%.60s/other", objects.maps);
	snprintf(directory, sizeof(directory), "%.60s/other", objects.top);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line))
		cannot_try("no socket");
	helper = fork();
	if (helper < 0)
		cannot_try("no helper");
	if (helper == 0) {
		close(line[0]);
		prepare(what);
		if (write(line[1], "r", 1) == 1 && read(line[1], &word, 1) == 1 && word == 'u')
			put_back(what);
		unlink(BPFFS "/foreign");
		if (what == PEERS)
			mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
		_exit(0);
	}
	close(line[1]);
	if (read(line[0], &word, 1) != 1)
		cannot_try("the helper is gone");
}

static void end(struct outcome *out, long result)
{
	if (result < 0)
		refused(out, (int)-result);
	else
		succeeded(out, "done", 4);
	if (write(line[0], result < 0 ? "n" : "u", 1) != 1)
		cannot_try("the helper is gone");
	waitpid(helper, NULL, 0);
}

static long said(int result)
{
	return result ? -errno : 0;
}

static void unlink_pin(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char *low = low_memory(4096);

	(void)aim;
	begin(PIN);
	strcpy(low, objects.spare);
	if (road->compat)
		end(out, compat_syscall(10, (unsigned long)low, 0, 0, 0, 0));
	else if (road->number)
		end(out, unlink_io_uring(low));
	else
		end(out, said(unlink(low)));
}

static void rename_pin(const struct aim *aim, const struct road *road, struct outcome *out)
{
	(void)aim;
	begin(PIN);
	end(out, said(road->number ? rename(BPFFS "/foreign", objects.spare) : rename(objects.spare, other)));
}

static void link_pin(const struct aim *aim, const struct road *road, struct outcome *out)
{
	(void)aim;
	(void)road;
	begin(PIN);
	end(out, said(link(objects.spare, other)));
}

/* number: of what kind, 0: a directory beside their directories */
static void add_pin(const struct aim *aim, const struct road *road, struct outcome *out)
{
	(void)aim;
	begin(ADD);
	end(out, put_beside(road->number ? other : directory, BPFFS "/foreign", road->number, road->compat));
}

static void rename_directory(const struct aim *aim, const struct road *road, struct outcome *out)
{
	(void)aim;
	(void)road;
	begin(DIRECTORY);
	end(out, said(rename(objects.maps, directory)));
}

static void change_mode(const struct aim *aim, const struct road *road, struct outcome *out)
{
	(void)aim;
	(void)road;
	begin(MODE);
	end(out, said(chmod(objects.link, 0600)));
}

/* file: what is unmounted; number: how */
static void unmount(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char *low = low_memory(4096);

	(void)aim;
	begin(strcmp(road->file, BPFFS) ? PARENT : MOUNT);
	strcpy(low, road->file);
	end(out, road->compat ? compat_syscall(52, (unsigned long)low, (unsigned long)road->number, 0, 0, 0)
			      : said(umount2(low, road->number)));
}

/* In a mount namespace of its own that still shares its mounts: what goes there goes everywhere. */
static void unmount_elsewhere(const struct aim *aim, const struct road *road, struct outcome *out)
{
	(void)aim;
	begin(PEERS);
	if (unshare(CLONE_NEWNS))
		cannot_try("no mount namespace");
	end(out, said(umount2(road->file, DETACH)));
}

/* file: what is covered, the pins themselves if none is named; number: 0 a new tmpfs, or flags */
static void cover(const struct aim *aim, const struct road *road, struct outcome *out)
{
	(void)aim;
	begin(MOUNT);
	end(out, said(mount(road->number ? ELSEWHERE : "none", road->file ? road->file : objects.top, "tmpfs",
			    (unsigned long)road->number, NULL)));
}

static void cover_by_new_call(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC), fresh;

	(void)aim;
	if (road->number) {
		fresh = tree("/run", 0);
	} else {
		syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
		fresh = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	}
	if (fresh < 0)
		cannot_try("nothing to mount");
	begin(MOUNT);
	end(out, attach(fresh, road->file));
}

static void move(const struct aim *aim, const struct road *road, struct outcome *out)
{
	(void)aim;
	begin(MOUNT);
	if (road->number)
		end(out, said(mount(BPFFS, ELSEWHERE, NULL, MS_MOVE, NULL)));
	else
		end(out, said((int)syscall(SYS_move_mount, AT_FDCWD, BPFFS, AT_FDCWD, ELSEWHERE, 0)));
}

#define BESIDE(NAME, KIND, COMPAT)                                                                                     \
	{ .not_live = NOT_LIVE, .name = NAME, .attempt = add_pin, .number = KIND, .compat = COMPAT }

static const struct road roads[] = {
	{ .not_live = NOT_LIVE, .name = "unlink", .attempt = unlink_pin },
	{ .not_live = NOT_LIVE, .name = "unlink_compat", .attempt = unlink_pin, .compat = 1 },
	{ .not_live = NOT_LIVE, .name = "unlink_io_uring", .attempt = unlink_pin, .number = 1 },
	{ .not_live = NOT_LIVE, .name = "rename", .attempt = rename_pin },
	{ .not_live = NOT_LIVE, .name = "rename_over", .attempt = rename_pin, .number = 1 },
	{ .not_live = NOT_LIVE, .name = "rename_directory", .attempt = rename_directory },
	{ .not_live = NOT_LIVE, .name = "link", .attempt = link_pin },
	{ .not_live = NOT_LIVE, .name = "chmod", .attempt = change_mode },
	{ .not_live = NOT_LIVE, .name = "unmount", .attempt = unmount, .file = BPFFS },
	{ .not_live = NOT_LIVE, .name = "unmount_compat", .attempt = unmount, .file = BPFFS, .compat = 1 },
	{ .not_live = NOT_LIVE, .name = "unmount_lazily", .attempt = unmount, .file = BPFFS, .number = DETACH },
	{ .not_live = NOT_LIVE, .name = "unmount_by_force", .attempt = unmount, .file = BPFFS, .number = FORCE },
	{ .not_live = NOT_LIVE, .name = "unmount_parent", .attempt = unmount, .file = "/sys", .number = DETACH },
	{ .not_live = NOT_LIVE, .name = "unmount_elsewhere", .attempt = unmount_elsewhere, .file = BPFFS },
	{ .not_live = NOT_LIVE, .name = "cover", .attempt = cover, .file = BPFFS },
	{ .not_live = NOT_LIVE, .name = "cover_pins", .attempt = cover },
	{ .not_live = NOT_LIVE, .name = "cover_parent", .attempt = cover, .file = "/sys/fs" },
	{ .not_live = NOT_LIVE, .name = "bind_over", .attempt = cover, .file = BPFFS, .number = MS_BIND },
	{ .not_live = NOT_LIVE, .name = "remount", .attempt = cover, .file = BPFFS, .number = MS_REMOUNT | MS_RDONLY },
	{ .not_live = NOT_LIVE, .name = "fsmount_over", .attempt = cover_by_new_call, .file = BPFFS },
	{ .not_live = NOT_LIVE, .name = "tree_over", .attempt = cover_by_new_call, .file = BPFFS, .number = 1 },
	{ .not_live = NOT_LIVE, .name = "move", .attempt = move, .number = 1 },
	{ .not_live = NOT_LIVE, .name = "move_mount", .attempt = move },
	BESIDE("add_directory", ADD_DIRECTORY, 0),
	BESIDE("add_directory_compat", ADD_DIRECTORY, 1),
	BESIDE("add_directory_io_uring", ADD_BY_IO_URING, 0),
	BESIDE("add_symlink", ADD_SYMLINK, 0),
	BESIDE("add_link", ADD_LINK, 0),
	BESIDE("add_pin", ADD_PIN, 0),
	BESIDE("add_pin_compat", ADD_PIN, 1),
	BESIDE("add_generation", 0, 0),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "pin_remove", roads, COUNT(roads));
}
