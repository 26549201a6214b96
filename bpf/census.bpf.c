/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An iterator over all tasks: the only way in which user space changes who is in scope. It runs in the kernel, so a
 * pid cannot change hands between look-up and entry. Passes are repeated until one changes nothing.
 * Not a door: it refuses nothing, and it is not attached while it is not read.
 */
#include "agent.h"
#include "cgroups.h"
#include "namespaces.h"
#include "released.h"

/* from: the process by which this one is found, whose way in is its own too; NULL for the one that is named. */
static __always_inline void try_add(struct ct_census_request *req, __u64 leader, const struct ct_scope *from)
{
	struct ct_scope *entry = scope_of(leader);

	if (entry) {
		if ((entry->role & req->role) == req->role)
			return;
		/* Gains a role it lacked; its group stays, or becomes another if it had none that counts. */
		scope_bump(leader, entry->role, entry->group, -1);
		if (!(entry->role & CT_ROLE_PROTECTED)) {
			entry->way = from ? from->way : 0;
			entry->place = from ? from->place : 0;
			entry->also = from ? from->also : 0;
			entry->group = from ? from->group : req->group;
		}
		entry->role |= req->role;
		scope_bump(leader, entry->role, entry->group, 1);
		req->changed++;
		return;
	}
	if (from ? scope_inherit(leader, from, req->role)
		 : scope_add(leader, req->group, 0, req->role, req->generation))
		req->full = 1;
	else
		req->changed++;
}

static __always_inline bool wanted(struct ct_census_request *req, __u64 task, __u32 tgid, __u64 leader,
				   struct ct_scope **from)
{
	__u64 mm = (__u64)TASK_READ(task, mm);
	struct ct_scope *parent;

	*from = NULL;
	if (tgid == req->tgid) {
		if (mm) {
			req->mm = mm;
			req->leader = leader;
		}
		return true;
	}
	if (!(req->role & CT_ROLE_PROTECTED) || (!req->recall && is_released(leader)))
		return false;
	/* Same memory under another tgid is the same secret. */
	if (mm && mm == req->mm) {
		*from = scope_of(req->leader);
		return true;
	}
	if (!req->follow)
		return false;
	parent = scope_of((__u64)BPF_CORE_READ((struct task_struct *)leader, real_parent, group_leader));
	*from = parent;
	return parent && parent->group == req->group && parent->role & CT_ROLE_PROTECTED;
}

/*
 * Who is there when a person names a control group trusts the others there; whoever is found otherwise comes alone,
 * also if it is in scope already and that group was not named when it came.
 */
static __always_inline void try_enter(struct ct_census_request *req, __u64 task, __u64 leader)
{
	struct ct_scope *known = scope_of(leader);
	bool failed = false;
	__u64 id;
	__u32 group;

	if (!TASK_READ(task, mm) || !may_be_placed(leader, known))
		return;
	/* Threads may be in other groups than their leader; where it was put last decides. */
	if (known && known->place && task != leader)
		return;
	id = ct_named_above(cgroup_of(task));
	group = workload_of(id);
	if (!group || (known && known->place == id))
		return;
	if (!known && group != req->recall && is_released(leader))
		return;
	if (id == req->trusted && known && known->group == group)
		known->place = id;
	else if (id == req->trusted && !known)
		failed = scope_add(leader, group, id, CT_ROLE_PROTECTED, req->generation);
	else
		failed = ct_enter(leader, cgroup_of(task), false);
	if (failed)
		req->full = 1;
	else
		req->changed++;
}

/* With a tgid, a group other than 0 must be right too. */
static __always_inline bool is_meant(struct ct_census_request *req, __u32 tgid, struct ct_scope *entry)
{
	if (!(entry->role & CT_ROLE_PROTECTED))
		return false;
	if (req->tgid && tgid != req->tgid)
		return false;
	return (req->tgid && !req->group) || entry->group == req->group;
}

/* It belongs to another workload too, and stays that one's; a process that is named by its number ends whole. */
static __always_inline bool stays(const struct ct_census_request *req, __u64 leader, struct ct_scope *entry)
{
	if (req->tgid || !(entry->role & CT_ROLE_PROTECTED) || !entry->also)
		return false;
	if (entry->also == req->group) {
		entry->also = 0;
		return true;
	}
	if (entry->group != req->group)
		return false;
	/* Of the several others nobody knows which. */
	if (entry->also != CT_GROUP_MANY) {
		scope_bump(leader, entry->role, entry->group, -1);
		entry->group = entry->also;
		entry->also = 0;
		scope_bump(leader, entry->role, entry->group, 1);
	}
	return true;
}

static __always_inline void remove_if_meant(struct ct_census_request *req, __u32 tgid, __u64 task)
{
	struct ct_scope *entry = scope_of(task);

	if (entry && !stays(req, task, entry) && is_meant(req, tgid, entry))
		scope_remove(task);
}

CT_SEC("iter/task")
int ct_census(struct bpf_iter__task *ctx)
{
	__u64 task = address_of(ctx->task), leader;
	struct ct_census_record record = {};
	struct ct_census_request *req;
	struct ct_scope *entry, *from;
	__u32 zero = 0, tgid;

	req = bpf_map_lookup_elem(&census_request, &zero);
	/* A link of an iterator is easily had; whoever reads it must be the agent, or about to become it. */
	if (!task || !req || !may_ask_census())
		return 0;
	leader = (__u64)TASK_READ(task, group_leader);
	tgid = TASK_READ(task, tgid);
	if (req->op == CT_CENSUS_ADD && wanted(req, task, tgid, leader, &from))
		try_add(req, leader, from);
	if (req->op == CT_CENSUS_CGROUPS) {
		try_enter(req, task, leader);
		return 0;
	}
	if (task != leader) {
		/* A thread whose exec failed may hold an entry of its own. */
		if (req->op == CT_CENSUS_REMOVE)
			remove_if_meant(req, tgid, task);
		return 0;
	}
	entry = scope_of(leader);
	if (!entry)
		return 0;
	entry->census = req->generation;
	if (req->op == CT_CENSUS_ADD && req->role & CT_ROLE_AGENT && tgid == req->tgid)
		note_agent(req, leader);
	if (req->op != CT_CENSUS_REMOVE && entry->role & (CT_ROLE_PROTECTED | CT_ROLE_AGENT) &&
	    !(entry->role & CT_ROLE_CANARY))
		note_namespaces(leader, req->generation, !(entry->role & CT_ROLE_PROTECTED));
	if (req->op == CT_CENSUS_REMOVE) {
		if (stays(req, leader, entry) || !is_meant(req, tgid, entry))
			return 0;
	} else if (req->op == CT_CENSUS_ADD && entry->group != req->group && tgid != req->tgid) {
		return 0;
	}
	record.role = entry->role;
	describe(&record.who, leader, entry->group);
	if (TASK_READ(leader, ptrace))
		record.tracer = BPF_CORE_READ((struct task_struct *)leader, parent, tgid);
	if (req->op == CT_CENSUS_REMOVE) {
		/* First: a look that runs beside this one must not find it without either. */
		note_released(req, leader);
		scope_remove(leader);
		req->changed++;
	}
	/*
	 * No room in what is read at once: the kernel shows this task again at the next read. One that was taken out is
	 * not found then, so that it is out and not told of.
	 */
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
