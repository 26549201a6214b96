/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * procmem_stale_fd, and the other procfs vectors by a descriptor that passed no guard when it was opened: before
 * protection began, or by somebody else who handed it on. What file_open judged and let pass for this very process
 * (detect mode, allow list) is not an attempt again, unless the rule has become stricter since.
 */
#ifndef CT_GUARD_STALE_H
#define CT_GUARD_STALE_H

#include "procfs.h"

/*
 * Each open of a guarded file makes an entry or clears one, so that no closed file's entry speaks for another.
 * What could not be noted is judged again at its next use; what could not be cleared speaks for its opener alone, under
 * the rule of that moment. A global function, as in allow.h.
 */
__weak __noinline int ct_note_opened(__u64 file, __u64 attempted, __u32 vector)
{
	struct ct_opened how = { .leader = current_leader(), .vector = vector };
	__u64 target;
	bool guarded;

	how.started_ns = TASK_READ(how.leader, start_boottime);
	if (attempted) {
		target = known_target(attempted, vector);
		/* As it was judged. */
		if (role_in(target) & CT_ROLE_AGENT && !is_agents_vector(vector))
			how.vector = CT_VECTOR_AGENT_ACCESS;
		guarded = target && !may_inspect(current_task(), ct_known(current_task()), attempted, target);
	} else {
		guarded = ct_anything_protected();
	}
	if (guarded)
		bpf_map_update_elem(&opened, &file, &how, BPF_ANY);
	else
		bpf_map_delete_elem(&opened, &file);
	return 0;
}

static __always_inline void note_opened(const struct file *file, const struct ct_attempt *attempt)
{
	if (attempt->vector != CT_VECTOR_NONE)
		ct_note_opened(address_of(file), attempt->target, attempt->vector);
}

static __always_inline bool in_io_uring(void)
{
	struct ct_syscall call;

	current_syscall(&call);
	return call.nr == NR_IO_URING_ENTER;
}

/* A global function, as in allow.h: it tells of this file, given by its address, and of nothing else of the door. */
__weak __noinline int ct_judged_at_open(__u64 file, __u64 target)
{
	struct ct_opened *how = bpf_map_lookup_elem(&opened, &file);

	if (!how || how->leader != current_leader() || how->started_ns != TASK_READ(how->leader, start_boottime))
		return 0;
	return is_let_pass(how->vector, groups_of(target));
}

static __always_inline bool judged_at_open(const struct file *file, __u64 target)
{
	return ct_judged_at_open(address_of(file), target);
}

/* As procfs_attempt(). A thread may be gone and its process not: /proc/P/task/T/FILE then still leads to P's memory. */
static __always_inline bool stale_attempt(const struct ct_file *seen, struct inode *inode, bool of_process,
					  struct ct_attempt *attempt)
{
	struct dentry *dentry = seen->dentry;
	struct inode *above;

	if (procfs_attempt(seen, inode, of_process, attempt))
		return true;
	above = BPF_CORE_READ(dentry, d_parent, d_parent, d_parent, d_inode);
	attempt->target = above ? procfs_task(above) : 0;
	return attempt->target != 0;
}

/* What was opened before is read or written: memory is one vector then. */
static __always_inline __u32 stale_vector(__u32 vector)
{
	return vector == CT_FILE_MEM || vector == CT_FILE_ENVIRON ? CT_VECTOR_PROCMEM_STALE_FD : vector;
}

static __always_inline void guard_stale(const struct ct_file *seen, struct inode *inode, __u32 mask,
					struct ct_attempt *attempt)
{
	__u32 found = procfs_vector(seen, mask);
	__u32 vector = stale_vector(found & ~CT_FILE_OF_PROCESS);

	if (vector == CT_VECTOR_NONE || !stale_attempt(seen, inode, found & CT_FILE_OF_PROCESS, attempt))
		return;
	name_road(vector, attempt);
	attempt->vector = vector;
}

/* Questions to a layout file (PROCMAP_QUERY, PAGEMAP_SCAN) pass no read. */
static __always_inline void guard_layout_ioctl(struct file *from, struct inode *inode, struct ct_attempt *attempt)
{
	struct ct_file file;

	read_file(from, &file);
	if (layout_vector(&file.name) == CT_VECTOR_NONE || !stale_attempt(&file, inode, true, attempt) ||
	    judged_at_open(from, attempt->target))
		return;
	attempt->vector = CT_VECTOR_PROC_LAYOUT;
}

#endif
