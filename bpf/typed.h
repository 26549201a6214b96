/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads without the helpers that lockdown=confidentiality takes away (CT_TYPED): an address becomes a typed pointer by
 * bpf_rdonly_cast (6.2 and later), and loads through it are caught by the kernel if they fault. The type is the one
 * of plain words, struct pt_regs: what is read is a number to the verifier, as it is when a helper has read it.
 */
#ifndef CT_TYPED_H
#define CT_TYPED_H

/*
 * User memory is still read by helper, which lockdown does not mind. libbpf does: native/typed.cc tells how it is kept
 * from it, and so it is the addon that gives these programs their type.
 */
#define CT_SEC(name) SEC("typed/" name)

extern void *bpf_rdonly_cast(const void *address, __u32 btf_id) __ksym;

/* Failure direction: what cannot be read is 0, and nobody is told so. */
#define typed_at(address, type)                                                                                        \
	(*(volatile type *)bpf_rdonly_cast((const void *)(address), bpf_core_type_id_kernel(struct pt_regs)))

/* The size is a constant wherever it is called. */
static __always_inline long typed_copy(void *to, __u32 size, const void *from)
{
	__u32 at = size & ~7U;

#pragma unroll
	for (__u32 i = 0; i < size / 8; i++)
		*(__u64 *)(to + 8 * i) = typed_at(from + 8 * i, __u64);
	if (size - at >= 4) {
		*(__u32 *)(to + at) = typed_at(from + at, __u32);
		at += 4;
	}
	if (size - at >= 2) {
		*(__u16 *)(to + at) = typed_at(from + at, __u16);
		at += 2;
	}
	if (size - at)
		*(__u8 *)(to + at) = typed_at(from + at, __u8);
	return 0;
}

/* Up to the end of the text and at most size bytes, a multiple of 8; what lies behind is left as it was. */
static __always_inline long typed_copy_text(void *to, __u32 size, const void *from)
{
	__u64 word, end;

#pragma unroll
	for (__u32 i = 0; i < size / 8; i++) {
		word = typed_at(from + 8 * i, __u64);
		if (i == size / 8 - 1)
			word &= ~0ULL >> 8;
		/* The lowest bit that is set is that of the first byte that is 0. */
		end = (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
		if (end) {
			*(__u64 *)(to + 8 * i) = word & (((end & -end) >> 7) - 1);
			break;
		}
		*(__u64 *)(to + 8 * i) = word;
	}
	return 0;
}

#define typed_field(from, field)                                                                                       \
	({                                                                                                             \
		__auto_type from_ = (from);                                                                            \
		typed_at(__builtin_preserve_access_index(&from_->field), __typeof_unqual__(from_->field));             \
	})
#define typed_1(from, a)	  typed_field(from, a)
#define typed_2(from, a, b)	  typed_field(typed_1(from, a), b)
#define typed_3(from, a, b, c)	  typed_field(typed_2(from, a, b), c)
#define typed_4(from, a, b, c, d) typed_field(typed_3(from, a, b, c), d)

#undef BPF_CORE_READ
#undef BPF_CORE_READ_STR_INTO
#define BPF_CORE_READ(from, fields...) ___apply(typed_, ___narg(fields))(from, fields)
#define BPF_CORE_READ_STR_INTO(to, from, field)                                                                        \
	({                                                                                                             \
		__auto_type from_ = (from);                                                                            \
		typed_copy_text(to, sizeof(*(to)), __builtin_preserve_access_index(&from_->field));                    \
	})
#define bpf_probe_read_kernel(to, size, from)	  typed_copy(to, size, (const void *)(from))
#define bpf_probe_read_kernel_str(to, size, from) typed_copy_text(to, size, (const void *)(from))

#endif
