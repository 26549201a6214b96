// SPDX-License-Identifier: Apache-2.0
/* See btf.h. */
#define _GNU_SOURCE
#include "btf.h"
#include "objects.h"
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many bytes follow a type's record. */
static size_t tail_of(const struct btf_type *type)
{
	size_t members = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT: return 4;
	case BTF_KIND_ARRAY: return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION: return members * sizeof(struct btf_member);
	case BTF_KIND_ENUM: return members * sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO: return members * sizeof(struct btf_param);
	case BTF_KIND_VAR: return sizeof(struct btf_var);
	case BTF_KIND_DATASEC: return members * sizeof(struct btf_var_secinfo);
	case 17 /* DECL_TAG */: return 4;
	case 19 /* ENUM64 */: return members * 12;
	default: return 0;
	}
}

static unsigned int id_of_kind(unsigned int kind, const char *name)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	struct stat status;
	struct btf_header *header;
	char *bytes, *at, *strings;
	size_t used = 0;

	if (fd < 0 || fstat(fd, &status) || !(bytes = malloc((size_t)status.st_size)))
		cannot_try("the kernel's BTF cannot be opened");
	while (used < (size_t)status.st_size) {
		ssize_t got = read(fd, bytes + used, (size_t)status.st_size - used);

		if (got <= 0)
			cannot_try("the kernel's BTF cannot be read");
		used += (size_t)got;
	}
	close(fd);
	header = (struct btf_header *)bytes;
	strings = bytes + header->hdr_len + header->str_off;
	at = bytes + header->hdr_len + header->type_off;
	for (unsigned int id = 1; at < bytes + header->hdr_len + header->type_off + header->type_len; id++) {
		struct btf_type *type = (struct btf_type *)at;

		if (BTF_INFO_KIND(type->info) == kind && !strcmp(strings + type->name_off, name))
			return id;
		at += sizeof(*type) + tail_of(type);
	}
	errno = ENOENT;
	cannot_try("this kernel's BTF lacks what the program names");
}

unsigned int function_id(const char *function)
{
	return id_of_kind(BTF_KIND_FUNC, function);
}

unsigned int structure_id(const char *structure)
{
	return id_of_kind(BTF_KIND_STRUCT, structure);
}

int load_number_type(void)
{
	static const struct {
		struct btf_header header;
		struct btf_type type;
		__u32 number;
		char strings[8];
	} types = {
		.header = { .magic = BTF_MAGIC,
			    .version = BTF_VERSION,
			    .hdr_len = sizeof(struct btf_header),
			    .type_len = sizeof(struct btf_type) + 4,
			    .str_off = sizeof(struct btf_type) + 4,
			    .str_len = sizeof(types.strings) },
		.type = { .name_off = 1, .info = BTF_KIND_INT << 24, .size = 4 },
		.number = 32,
		.strings = "\0number",
	};
	union bpf_attr attr = { .btf = (unsigned long)&types };

	attr.btf_size = sizeof(types);
	return (int)bpf_call(0, BPF_BTF_LOAD, &attr, sizeof(attr));
}
