/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every open of every file passes here, so the way out for ordinary files is a few typed loads and no helper.
 * Called in do_dentry_open() before the file system's own open: nothing has been read when it refuses.
 */
#include "../guards/agent_cgroup.h"
#include "../guards/descriptor.h"
#include "../guards/device.h"
#include "../guards/hooks_off.h"
#include "../guards/machine.h"
#include "../guards/mapped_code.h"
#include "../guards/pin_open.h"
#include "../guards/procfs.h"
#include "../guards/stale.h"
#include "../guards/swap.h"
#include "../guards/tracefs.h"

#define S_IFCHR 0020000
#define S_IFBLK 0060000

/*
 * Regular files, and directories, of file systems that have something to guard. The magic is forgotten first: else the
 * verifier would read the file anew for each, and a typed pointer costs it most.
 */
static __always_inline void guard_special(struct file *from, struct inode *inode, unsigned long magic,
					  struct ct_attempt *attempt)
{
	__u32 mode = LOAD(from, f_mode);
	struct ct_file file;

	magic = forgotten(magic);
	read_file(from, &file);
	if (magic == PROC_SUPER_MAGIC)
		guard_procfs(&file, inode, mode, attempt);
	else if (magic == CGROUP2_MAGIC)
		guard_cgroup_file(&file, mode, attempt);
	else if (magic == SYSFS_MAGIC)
		guard_power_state(&file, mode, attempt);
	else if (magic == TRACEFS_MAGIC)
		guard_tracefs(&file, mode, attempt);
	else
		guard_hooks(&file, mode, magic, attempt);
	if (magic == SYSFS_MAGIC || magic == DEBUGFS_MAGIC)
		guard_damon(&file, mode, attempt);
}

static __always_inline int judge_open(struct file *file, struct inode *inode, __u16 kind, unsigned long magic)
{
	struct ct_attempt attempt = { .door = CT_DOOR_FILE_OPEN };
	/* What is judged here is not judged again when it is read or written through this file. */
	bool remembered = false;
	int verdict;

	if (kind == S_IFCHR) {
		guard_device(file, inode, &attempt);
	} else if (kind == S_IFBLK) {
		guard_block(file, inode, &attempt);
	} else {
		switch (magic) {
		case PROC_SUPER_MAGIC:
		case CGROUP2_MAGIC:
		case DEBUGFS_MAGIC:
		case SECURITYFS_MAGIC: remembered = true; __attribute__((fallthrough));
		case SYSFS_MAGIC:
		case TRACEFS_MAGIC: guard_special(file, inode, magic, &attempt); break;
		case NSFS_MAGIC: guard_namespace_file(file, inode, &attempt); break;
		case BPF_FS_MAGIC: guard_pin_open(file, inode, &attempt); break;
		default:
			guard_swap_file(file, &attempt);
			if (attempt.vector == CT_VECTOR_NONE && writes_mapped(file, inode))
				guard_mapped_code(file, inode, &attempt);
		}
	}
	verdict = decide(&attempt);
	if (remembered && !verdict)
		note_opened(file, &attempt);
	return verdict;
}

DOOR(file_open, struct file *file)
{
	struct inode *inode = LOAD(file, f_inode);
	__u16 kind = LOAD(inode, i_mode) & S_IFMT;
	unsigned long magic = 0;

	if (kind == S_IFREG) {
		magic = LOAD(inode, i_sb, s_magic);
		switch (magic) {
		case PROC_SUPER_MAGIC:
		case CGROUP2_MAGIC:
		case DEBUGFS_MAGIC:
		case SECURITYFS_MAGIC:
		case SYSFS_MAGIC:
		case TRACEFS_MAGIC:
		case NSFS_MAGIC:
		case BPF_FS_MAGIC: break;
		default:
			if (!has_swap_flags(file) && !writes_mapped(file, inode))
				return 0;
		}
	} else if (kind == S_IFDIR) {
		magic = LOAD(inode, i_sb, s_magic);
		if (magic != PROC_SUPER_MAGIC)
			return 0;
	} else if (kind != S_IFCHR && kind != S_IFBLK) {
		return 0;
	}
	return judge_open(file, inode, kind, magic);
}
