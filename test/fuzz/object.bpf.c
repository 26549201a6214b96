// SPDX-License-Identifier: Apache-2.0
// A small object file with what ours have: programs of three kinds of sections, a map, and a call that is put back.
#include "../../bpf/vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} count SEC(".maps");

SEC("lsm/file_open")
int file(void *context)
{
	__u32 zero = 0;
	__u64 *value = bpf_map_lookup_elem(&count, &zero);

	if (value)
		++*value;
	return 0;
}

SEC("typed/lsm/bpf")
int call(void *context)
{
	__u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), context);
	return word != 0;
}

SEC("kprobe")
int probe(void *context)
{
	return 0;
}
