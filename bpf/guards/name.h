/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file's own name as two words, so that comparing costs two instructions and no helper. Every guarded procfs name
 * is short enough to lie inside the dentry. The dentry's name is the kernel's: bind mounts, second mounts, O_PATH
 * and relative paths all end at the same one.
 */
#ifndef CT_GUARD_NAME_H
#define CT_GUARD_NAME_H

#include "../door.h"

struct ct_short_name {
	__u64 low, high;
	__u32 len;
};

static __always_inline const unsigned char *inline_name(struct dentry *dentry)
{
	if (bpf_core_field_exists(dentry->d_iname))
		return dentry->d_iname;
	return ((struct dentry___new *)dentry)->d_shortname.string;
}

/* Bytes past the end of a name are whatever was there before: masked off. False if longer than 16 bytes. */
static __always_inline bool short_name(struct dentry *dentry, struct ct_short_name *name)
{
	__u32 len = LOAD(dentry, d_name.len);

	if (len == 0 || len > 16)
		return false;
	if (bpf_core_field_exists(dentry->d_iname)) {
		name->low = LOAD_WORD(&dentry->d_iname[0]);
		name->high = LOAD_WORD(&dentry->d_iname[8]);
	} else {
		struct dentry___new *renamed = (void *)dentry;

		name->low = LOAD_WORD(&renamed->d_shortname.string[0]);
		name->high = LOAD_WORD(&renamed->d_shortname.string[8]);
	}
	name->len = len;
	if (len < 8)
		name->low &= (1ULL << (8 * len)) - 1;
	if (len <= 8)
		name->high = 0;
	else if (len < 16)
		name->high &= (1ULL << (8 * (len - 8))) - 1;
	return true;
}

static __always_inline const void *name_of(struct dentry *dentry)
{
	return BPF_CORE_READ(dentry, d_name.name);
}

/* What the guards of special file systems ask of a file: read once, however many of them look at it. */
struct ct_file {
	struct dentry *dentry;
	struct ct_short_name name; /* of length 0 if it is longer than 16 bytes */
	__u32 flags;
};

static __always_inline void read_file(struct file *from, struct ct_file *seen)
{
	seen->dentry = LOAD(from, f_path.dentry);
	seen->flags = LOAD(from, f_flags);
	if (!short_name(seen->dentry, &seen->name)) {
		seen->name.low = 0;
		seen->name.high = 0;
		seen->name.len = 0;
	}
}

#define NAME_IS(name, literal)                                                                                         \
	({                                                                                                             \
		__u64 low_ = 0, high_ = 0;                                                                             \
		const __u32 n_ = sizeof(literal) - 1;                                                                  \
		__builtin_memcpy(&low_, literal, n_ < 8 ? n_ : 8);                                                     \
		if (n_ > 8)                                                                                            \
			__builtin_memcpy(&high_, (literal) + (n_ > 8 ? 8 : 0), n_ > 8 ? n_ - 8 : 0);                   \
		(name)->len == n_ && (name)->low == low_ && (name)->high == high_;                                     \
	})

#endif
