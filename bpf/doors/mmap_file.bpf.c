/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every mmap(), of files and of none, and the images that an exec maps: a few loads for all but code, BPF maps and
 * what is shared to be written. The file is NULL for anonymous memory. From 6.2 on the verifier believes that it cannot
 * be and takes the plain test out, until 7.x marks it; so the address itself is looked at.
 */
#include "../guards/bpf_tamper.h"
#include "../guards/preload.h"
#include "../guards/shared_map.h"
#include "../guards/userfault.h"

/*
 * lsm: file, what was asked for, what it gets, flags. The function itself, and so fmod_ret and the kprobe, has only one
 * prot; behind its arguments fmod_ret finds what earlier programs said, which is 0. Flags are never 0: a mapping is
 * shared or private.
 */
static __always_inline unsigned long flags_of(unsigned long third, unsigned long fourth)
{
	return CT_REFUSES && fourth ? fourth : third;
}

DOOR(mmap_file, struct file *file, unsigned long prot, unsigned long third, unsigned long fourth)
{
	bool anonymous, shared, code;

	if (!file || !address_of(file))
		return 0;
	anonymous = LOAD(file, f_inode, i_sb, s_magic) == ANON_INODE_FS_MAGIC;
	shared = prot & PROT_WRITE && flags_of(third, fourth) & MAP_SHARED;
	/* What was asked for: with some old images the kernel adds execution to reading. */
	code = prot & PROT_EXEC || (prot & PROT_READ && TASK_READ(current_task(), personality) & READ_IMPLIES_EXEC);
	if (!anonymous && !shared && !code)
		return 0;

	struct ct_attempt attempt = { .door = CT_DOOR_MMAP_FILE };

	if (anonymous) {
		guard_map_mapping(file, &attempt);
		if (attempt.vector == CT_VECTOR_NONE)
			guard_ring_map(file, &attempt);
		return judge_act(&attempt);
	}
	if (shared) {
		int verdict;

		guard_shared_map(file, &attempt);
		verdict = judge_act(&attempt);
		if (verdict || !code)
			return verdict;
	}
	guard_preload(file, &attempt);
	return decide(&attempt);
}
