// SPDX-License-Identifier: Apache-2.0
/*
 * The prober's attempts on BPF objects, pins and mounts: on a map and a bpffs of its own, which is attached nowhere and
 * goes with the prober. Each returns an errno as in prober.c; what is unguarded is undone at once.
 */
#define _GNU_SOURCE
#include "objects.h"
#include "canary.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library has no names for these before 2.36. */
#define CALL_MOVE_MOUNT 429
#define CALL_FSOPEN	430
#define CALL_FSCONFIG	431
#define CALL_FSMOUNT	432
#define CONFIG_CREATE	6

#define PAGE 4096

static int held_map = -1, private_bpffs = -1;

static int make_map(unsigned int flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 8;
	attr.max_entries = 1;
	attr.map_flags = flags;
	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

int hold_objects(void)
{
	int context = (int)syscall(CALL_FSOPEN, "bpf", 1 /* close on exec */);

	if (context < 0)
		return errno;
	if (!syscall(CALL_FSCONFIG, context, CONFIG_CREATE, NULL, NULL, 0))
		private_bpffs = (int)syscall(CALL_FSMOUNT, context, 1 /* close on exec */, 0);
	close(context);
	held_map = make_map(BPF_F_MMAPABLE);
	return private_bpffs < 0 || held_map < 0 ? errno : 0;
}

/* A symbolic link of that name is there afterwards: bpffs holds no other files that are not BPF objects. */
static int file(const char *name)
{
	return symlinkat("nowhere", private_bpffs, name) && errno != EEXIST ? -errno : 0;
}

static int directory(const char *name)
{
	return mkdirat(private_bpffs, name, 0700) && errno != EEXIST ? -errno : 0;
}

static int probe_mmap_file(void)
{
	void *memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, held_map, 0);

	if (memory == MAP_FAILED)
		return errno;
	munmap(memory, PAGE);
	return 0;
}

static int probe_bpf_map(void)
{
	int fd = make_map(0);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Of a type that anybody may load: the door `bpf` lets it pass. */
static int load_filter(const struct bpf_insn *program, size_t count)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (unsigned long)program;
	attr.insn_cnt = (unsigned int)count;
	attr.license = (unsigned long)"GPL";
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Eight bytes from address 0 to the stack. */
#define READS(HELPER)                                                                                                  \
	{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8 },                                       \
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10 },                  \
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8 },                              \
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },                               \
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },                                         \
	{                                                                                                              \
		.code = BPF_JMP | BPF_CALL, .imm = (HELPER)                                                            \
	}

/* By the calls in the first of these the guard knows such calls in others' programs: bpf/guards/bpf_finished.h. */
static int probe_bpf_prog(void)
{
	static const struct bpf_insn readers[] = {
		READS(BPF_FUNC_probe_read_user),
		READS(BPF_FUNC_probe_read_user_str),
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int error = load_filter(readers, sizeof(readers) / sizeof(readers[0]));

	/* Without CAP_PERFMON there are no such helpers. */
	return error == EINVAL ? load_filter(&readers[12], 4) : error;
}

/* Unguarded: EINVAL, since nothing can be both marked for expiry and detached. */
static int probe_sb_umount(void)
{
	return umount2("/proc", MNT_EXPIRE | MNT_DETACH) ? errno : 0;
}

/* Unguarded: EINVAL, since there is nothing to move. */
static int probe_sb_mount(void)
{
	return mount("", "/", NULL, MS_MOVE, NULL) ? errno : 0;
}

/* Unguarded: EINVAL, since nothing is mounted there. */
static int probe_move_mount(void)
{
	return syscall(CALL_MOVE_MOUNT, AT_FDCWD, "/proc/self", AT_FDCWD, "/proc/self", 0) ? errno : 0;
}

static int probe_inode_unlink(void)
{
	int error = file("unlinked");

	if (error)
		return error;
	return unlinkat(private_bpffs, "unlinked", 0) ? errno : 0;
}

static int probe_inode_rename(void)
{
	int error = file("renamed");

	if (error)
		return error;
	return renameat(private_bpffs, "renamed", private_bpffs, "other") ? errno : 0;
}

static int probe_inode_rmdir(void)
{
	int error = directory("removed");

	if (error)
		return error;
	return unlinkat(private_bpffs, "removed", AT_REMOVEDIR) ? errno : 0;
}

static int probe_inode_link(void)
{
	int error = file("linked");

	if (error)
		return error;
	if (linkat(private_bpffs, "linked", private_bpffs, "again", 0))
		return errno;
	unlinkat(private_bpffs, "again", 0);
	return 0;
}

static int probe_path_chmod(void)
{
	int error = directory("changed");

	if (error)
		return error;
	return fchmodat(private_bpffs, "changed", 0700, 0) ? errno : 0;
}

static const struct {
	const char *name;
	int (*attempt)(void);
} probes[] = {
	{ "mmap_file", probe_mmap_file },	{ "bpf_map", probe_bpf_map },
	{ "bpf_prog", probe_bpf_prog },		{ "sb_umount", probe_sb_umount },
	{ "sb_mount", probe_sb_mount },		{ "move_mount", probe_move_mount },
	{ "inode_unlink", probe_inode_unlink }, { "inode_rename", probe_inode_rename },
	{ "inode_rmdir", probe_inode_rmdir },	{ "inode_link", probe_inode_link },
	{ "path_chmod", probe_path_chmod },
};

int probe_object(const char *name)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (!strcmp(name, probes[i].name)) {
			say_number(name, probes[i].attempt());
			return 1;
		}
	}
	return 0;
}
