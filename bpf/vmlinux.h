/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few kernel types that the doors read, with only the fields they read. CO-RE finds the real offsets on the
 * running kernel by name, so size and order here mean nothing. Renamed fields get a ___suffix flavour beside the type.
 */
#ifndef CT_VMLINUX_H
#define CT_VMLINUX_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define true  1
#define false 0
#define NULL  ((void *)0)

/* Numbers of the system call and map interfaces: fixed for ever by the kernel's user ABI. */
enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
	BPF_F_NO_PREALLOC = 1,
	BPF_PROG_LOAD = 5,
	BPF_LINK_CREATE = 28,
};

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_HASH_OF_MAPS = 13,
	BPF_MAP_TYPE_RINGBUF = 27,
};

/* Only to ask whether the running kernel has a helper: bpf_core_enum_value_exists(). */
enum bpf_func_id {
	BPF_FUNC_get_current_task_btf = 158,
	BPF_FUNC_task_pt_regs = 175,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4];
};

typedef struct {
	__u32 val;
} kuid_t;

struct kernfs_node {
	__u64 id;
	void *priv;
	const char *name;
	struct kernfs_node *parent; /* to 6.14 */
	struct kernfs_node *__parent;
};

struct cgroup {
	struct kernfs_node *kn;
	int level;
	struct cgroup *ancestors[];
};

/* The field is a struct on every kernel: of two words, later of one. The low half comes first in both. */
struct ct_capabilities {
	__u32 low;
};

struct cred {
	kuid_t uid;
	struct ct_capabilities cap_effective;
	struct user_namespace *user_ns;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
};

typedef struct {
	int counter;
} atomic_t;

struct address_space;

struct inode {
	__u16 i_mode;
	unsigned int i_nlink;
	struct super_block *i_sb;
	struct address_space *i_mapping;
	atomic_t i_writecount;
	unsigned long i_ino;
	__u32 i_rdev;
	struct pipe_inode_info *i_pipe;
	void *i_private;
};

struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct dentry {
	unsigned int d_flags;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	unsigned char d_iname[32];
};

/* From 6.14 on the short name moved into a union. */
union shortname_store___new {
	unsigned char string[40];
};

struct dentry___new {
	union shortname_store___new d_shortname;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct inode *f_inode;
	void *private_data;
	unsigned int f_flags;
	unsigned int f_mode;
	struct path f_path;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct mm_struct {
	struct file *exe_file;
	int map_count;
	struct task_struct *owner;
	unsigned long start_stack;
	unsigned long env_end;
};

struct rlimit {
	unsigned long rlim_cur;
	unsigned long rlim_max;
};

struct signal_struct {
	atomic_t live;
	struct list_head thread_head;
	struct rlimit rlim[16];
};

struct fs_struct {
	struct path root;
};

#include "vmlinux_regs.h"

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	unsigned int flags;
	unsigned int ptrace;
	struct mm_struct *mm;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *parent;
	struct task_struct *group_leader;
	struct hlist_node pid_links[4];
	__u64 start_boottime;
	const struct cred *real_cred;
	const struct cred *cred;
	char comm[16];
	struct css_set *cgroups;
	struct files_struct *files;
	struct fs_struct *fs;
	struct signal_struct *signal;
	struct sighand_struct *sighand;
	unsigned int personality;
	struct nsproxy *nsproxy;
	struct list_head thread_node;
	struct pid *thread_pid;
};

struct linux_binprm {
	struct file *file;
};

union bpf_attr {
	struct {
		__u32 prog_type;
		__u32 insn_cnt;
		__u64 insns;
		__u64 license;
		__u32 log_level;
		__u32 log_size;
		__u64 log_buf;
		__u32 kern_version;
		__u32 prog_flags;
		char prog_name[16];
	};
	struct {
		__u32 prog_fd;
		__u32 target_fd;
		__u32 attach_type;
	} link_create;
};

struct seq_file;
struct kernel_siginfo;
struct kern_ipc_perm;
struct fown_struct;

#pragma clang attribute pop

/* Values move between kernels (READING_MODULE_COMPRESSED came with 7.x): resolved by CO-RE by name. */
enum kernel_read_file_id {
	READING_MODULE = 2,
	READING_KEXEC_IMAGE = 3,
};

enum kernel_read_file_id___compressed {
	READING_MODULE_COMPRESSED = 7,
};

enum kernel_load_data_id {
	LOADING_MODULE = 2,
	LOADING_KEXEC_IMAGE = 3,
};

/* The reading of kernel memory by BPF programs was named anew in 5.14. */
enum lockdown_reason___5_10 {
	LOCKDOWN_BPF_READ = 21,
};

enum lockdown_reason___5_14 {
	LOCKDOWN_BPF_READ_KERNEL = 24,
};

/* ACPI_TABLES and later ones differ between kernels. */
enum lockdown_reason {
	LOCKDOWN_HIBERNATION = 5,
	LOCKDOWN_PCI_ACCESS = 6,
	LOCKDOWN_IOPORT = 7,
	LOCKDOWN_ACPI_TABLES = 9,
};

#endif
