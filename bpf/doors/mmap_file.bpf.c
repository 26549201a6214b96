/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every mmap(), of files and of none, and the images that an exec maps: a few loads for all but code and BPF maps.
 * The file is NULL for anonymous memory. From 6.2 on the verifier believes that it cannot be and takes the plain test
 * out, until 7.x marks it; so the address itself is looked at.
 */
#include "../guards/bpf_tamper.h"
#include "../guards/preload.h"

DOOR(mmap_file, struct file *file, unsigned long prot)
{
	bool anonymous;

	if (!file || !address_of(file))
		return 0;
	anonymous = LOAD(file, f_inode, i_sb, s_magic) == ANON_INODE_FS_MAGIC;
	/* What was asked for: with some old images the kernel adds execution to reading. */
	if (!anonymous && !(prot & PROT_EXEC) &&
	    !(prot & PROT_READ && TASK_READ(current_task(), personality) & READ_IMPLIES_EXEC))
		return 0;

	struct ct_attempt attempt = { .door = CT_DOOR_MMAP_FILE };

	if (anonymous)
		guard_map_mapping(file, &attempt);
	else
		guard_preload(file, &attempt);
	return decide(&attempt);
}
