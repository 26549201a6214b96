/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tasks: who is current, which system call it is in, and how a task is described in an event.
 * Task addresses travel as __u64: they are keys and sources for probe reads, never dereferenced directly.
 */
#ifndef CT_TASK_H
#define CT_TASK_H

#include "calls.h"
#include "door.h"

#define PIDTYPE_PID  0
#define PF_IO_WORKER 0x00000010
#define PF_KTHREAD   0x00200000
#define STACK_SIZE   16384 /* of x86_64, and of arm64 with small pages */

/* Reads one field of a task whose address we hold; 0 if it cannot be read. */
#define TASK_READ(task, field)                                                                                         \
	({                                                                                                             \
		/* A local: else CO-RE would relocate the expression too. */                                           \
		struct task_struct *task_ = (void *)(task);                                                            \
		BPF_CORE_READ(task_, field);                                                                           \
	})

static __always_inline __u64 current_task(void)
{
	/* 5.10 has only the untyped helper. */
	return bpf_get_current_task();
}

static __always_inline __u64 current_leader(void)
{
	struct task_struct *task = (void *)current_task();

	return (__u64)BPF_CORE_READ(task, group_leader);
}

/*
 * A pointer, typed or to the stack, as a number: the verifier allows no arithmetic on the one, keys need it, and a
 * global function takes nothing else (5.10). It adds in memory, where no verifier asks what was added.
 */
static __always_inline __u64 address_of(const void *pointer)
{
	__u64 address = 0;

	__sync_fetch_and_add(&address, (__u64)pointer);
	return address;
}

/*
 * A task's leader, by a typed pointer that is not followed: where a door is not asked often. On 6.x the verifier looks
 * for the name of the type through all of BTF, four times for each pointer that it sees loaded from another.
 */
static __always_inline __u64 leader_of(const struct task_struct *task)
{
	return (__u64)TASK_READ(address_of(task), group_leader);
}

/* The same number, of which the verifier knows nothing: ways that part by it join again. */
static __always_inline __u64 forgotten(__u64 number)
{
	return address_of((const void *)number);
}

struct ct_syscall {
	__s32 nr; /* -1: not in a system call whose registers can be trusted */
	bool compat;
	__u64 arg0;
	__u64 arg1;
};

/* And so the typed task. */
#define HAS_REGISTERS_AT_HAND bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)

static __always_inline struct pt_regs *registers_on(__u64 stack)
{
	return (struct pt_regs *)(stack + STACK_SIZE - bpf_core_type_size(struct pt_regs));
}

static __always_inline struct pt_regs *current_regs(void)
{
	/* From 7.x on the frame moved, so the helper is used wherever there is one; 5.10 has only the arithmetic. */
	if (HAS_REGISTERS_AT_HAND)
		return (struct pt_regs *)bpf_task_pt_regs((void *)bpf_get_current_task_btf());
	return registers_on((__u64)TASK_READ(current_task(), stack));
}

/* What a system call's number needs of its task. */
struct ct_glimpse {
	__u64 stack;
	__u32 flags;
	__u32 status; /* of thread_info: where a 32-bit call is told */
};

/* By one read where the fields lie at the beginning, as they do: each read is a call of some eighty instructions. */
static __always_inline void glimpse(struct ct_glimpse *seen)
{
	__u32 stack = bpf_core_field_offset(struct task_struct, stack);
	__u32 flags = bpf_core_field_offset(struct task_struct, flags);
	__u32 status = bpf_core_field_offset(struct task_struct, thread_info.COMPAT_WORD);
	__u64 head[6];

	if (stack <= sizeof(head) - 8 && flags <= sizeof(head) - 4 && status <= sizeof(head) - 4 &&
	    !bpf_probe_read_kernel(head, sizeof(head), (void *)current_task())) {
		seen->stack = *(__u64 *)((void *)head + stack);
		seen->flags = *(__u32 *)((void *)head + flags);
		seen->status = *(__u32 *)((void *)head + status);
		return;
	}
	seen->stack = (__u64)TASK_READ(current_task(), stack);
	seen->flags = TASK_READ(current_task(), flags);
	seen->status = TASK_READ(current_task(), thread_info.COMPAT_WORD);
}

static __always_inline void current_syscall(struct ct_syscall *call)
{
	__u64 task = current_task();
	struct pt_regs *regs;

	call->nr = -1;
	call->compat = false;
	call->arg0 = 0;
	call->arg1 = 0;
	/* The registers of an io_uring worker are a stale copy of its creator's. */
	if (TASK_READ(task, flags) & (PF_IO_WORKER | PF_KTHREAD))
		return;
	regs = current_regs();
	call->nr = (__s32)BPF_CORE_READ(regs, REG_CALL);
	/* int $0x80 works from 64-bit programs too: same process, other table, other registers. */
	call->compat = (TASK_READ(task, thread_info.COMPAT_WORD) & COMPAT_BIT) != 0;
	call->arg0 = call->compat ? (__u32)BPF_CORE_READ(regs, REG32_ARG0) : BPF_CORE_READ(regs, REG_ARG0);
	call->arg1 = call->compat ? (__u32)BPF_CORE_READ(regs, REG32_ARG1) : BPF_CORE_READ(regs, REG_ARG1);
}

/*
 * The number that current_syscall() would give, in two loads where the kernel has the helper: a hint for hot doors,
 * which ask current_syscall() before they believe it.
 */
static __always_inline __s32 syscall_hint(void)
{
	struct ct_syscall call;

	if (HAS_REGISTERS_AT_HAND)
		return (__s32)((struct pt_regs *)bpf_task_pt_regs((void *)bpf_get_current_task_btf()))->REG_CALL;
	current_syscall(&call);
	return call.nr;
}

/*
 * A global function for the sake of its own stack. Failure direction: the helper clears what it cannot read, and 0 is
 * the number of no channel. It can read this: the stack that current runs on.
 */
__weak __noinline int ct_hint_by_copies(void)
{
	struct ct_glimpse task;
	__s32 nr;

	glimpse(&task);
	if (task.flags & PF_IO_WORKER)
		return -1;
	bpf_probe_read_kernel(&nr, sizeof(nr),
			      (void *)registers_on(task.stack) + bpf_core_field_offset(struct pt_regs, REG_CALL));
	return nr;
}

/* The same, or -1 in an io_uring worker, with few looks at the task. */
static __always_inline __s32 hint_or_worker(void)
{
	struct task_struct *task;

	if (!HAS_REGISTERS_AT_HAND)
		return ct_hint_by_copies();
	task = (void *)bpf_get_current_task_btf();
	if (task->flags & PF_IO_WORKER)
		return -1;
	return (__s32)((struct pt_regs *)bpf_task_pt_regs(task))->REG_CALL;
}

/* Any task of a struct pid; 0 if it is gone. */
static __always_inline __u64 task_of_pid(struct pid *pid)
{
	__u64 node = pid ? (__u64)BPF_CORE_READ(pid, tasks[PIDTYPE_PID].first) : 0;

	return node ? node - bpf_core_field_offset(struct task_struct, pid_links[PIDTYPE_PID]) : 0;
}

/* The file behind a descriptor of the current task; NULL if there is none. */
static __always_inline struct file *file_of_descriptor(__u32 descriptor)
{
	struct task_struct *task = (void *)current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;

	if (descriptor >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), files + descriptor);
	return file;
}

/* Executable of a task, for events, and by which the next agent is known; zeros for kernel threads. */
static __always_inline void task_exe(__u64 task, __u32 *dev, __u64 *ino)
{
	struct inode *inode = BPF_CORE_READ((struct task_struct *)task, mm, exe_file, f_inode);

	*ino = inode ? BPF_CORE_READ(inode, i_ino) : 0;
	*dev = inode ? BPF_CORE_READ(inode, i_sb, s_dev) : 0;
}

static __always_inline void describe(struct ct_identity *who, __u64 task, __u32 group)
{
	__u64 leader = (__u64)TASK_READ(task, group_leader);

	who->start_boottime_ns = TASK_READ(leader, start_boottime);
	who->cgroup_id = BPF_CORE_READ((struct task_struct *)task, cgroups, dfl_cgrp, kn, id);
	task_exe(task, &who->exe_dev, &who->exe_ino);
	who->tgid = TASK_READ(task, tgid);
	who->tid = TASK_READ(task, pid);
	who->ppid = BPF_CORE_READ((struct task_struct *)leader, real_parent, tgid);
	who->uid = BPF_CORE_READ((struct task_struct *)task, cred, uid.val);
	who->group = group;
	BPF_CORE_READ_STR_INTO(&who->comm, (struct task_struct *)task, comm);
}

#endif
