/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel types that one or two guards read, by the same rules as in vmlinux.h. */
#ifndef CT_VMLINUX_RARE_H
#define CT_VMLINUX_RARE_H

#include "vmlinux.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

/* The change time: until 6.5, until 6.10, and after. */
struct inode___5 {
	struct timespec64 i_ctime;
};

struct inode___6_6 {
	struct timespec64 __i_ctime;
};

struct inode___6_11 {
	__s64 i_ctime_sec;
	__u32 i_ctime_nsec;
};

struct task_struct___execs {
	__u64 self_exec_id;
};

struct task_struct___family {
	struct list_head children;
	struct list_head sibling;
};

struct sigaction {
	void *sa_handler;
};

struct k_sigaction {
	struct sigaction sa;
};

struct sighand_struct {
	struct k_sigaction action[64];
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup___self {
	struct cgroup_subsys_state self;
	struct cgroup_root *root;
};

struct ns_common {
	unsigned int inum;
};

struct uts_namespace {
	struct ns_common ns;
};

struct ipc_namespace {
	struct ns_common ns;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct pid_namespace {
	struct ns_common ns;
};

struct net {
	struct ns_common ns;
};

struct time_namespace {
	struct ns_common ns;
};

struct cgroup_namespace {
	struct ns_common ns;
};

struct user_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct cgroup_namespace *cgroup_ns;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* Before 6.1: their ids instead of their addresses. */
struct cgroup___5_10 {
	__u64 ancestor_ids[];
};

struct msg_msg;

struct linux_binprm___names {
	const char *filename;
	const char *interp;
	int argc;
};

struct trace_event_class {
	const char *system;
	void *reg;
};

struct trace_event_call {
	struct trace_event_class *class;
	int flags;
};

struct perf_event_attr {
	__u64 sample_type;
	__u64 read_format;
	__u32 type;
	__u32 size;
};

struct hw_perf_event {
	struct task_struct *target;
};

struct perf_event {
	struct perf_event_attr attr;
	struct hw_perf_event hw;
	struct trace_event_call *tp_event;
};

struct bpf_map {
	enum bpf_map_type map_type;
	__u32 id;
	char name[16];
};

struct bpf_prog_aux {
	struct bpf_prog *prog;
	struct bpf_map **used_maps;
	__u32 used_map_cnt;
	__u32 num_exentries;
	char name[16];
};

struct bpf_insn {
	__u8 code;
};

enum bpf_prog_type { BPF_PROG_TYPE_UNSPEC };

struct bpf_prog {
	enum bpf_prog_type type;
	__u32 len;
	struct bpf_prog_aux *aux;
	struct bpf_insn insnsi[];
};

struct bpf_link {
	struct bpf_prog *prog;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_mounts;
	struct list_head mnt_child;
	struct mnt_namespace *mnt_ns;
	int mnt_group_id;
};

/* Only to ask which hooks the running kernel has. */
union security_list_options {
	void *inode_init_security_anon;
};

#pragma clang attribute pop

/* An enum only from 6.14 on, and then with other values; before, it was this. */
#define DCACHE_MOUNTED_OLD 0x10000

enum dentry_flags___new {
	DCACHE_MOUNTED = 0x8000,
};

#endif
