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

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup___self {
	struct cgroup_subsys_state self;
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

#pragma clang attribute pop

#endif
