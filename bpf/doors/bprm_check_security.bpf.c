/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An exec by a thread that is not the leader makes that thread the leader (de_thread()), under another address.
 * It gets its entry here, before the old leader is released; should the exec fail, the entry goes with the thread.
 * And an exec under a tracer is refused here, the last moment at which it fails cleanly. Who is in a protected control
 * group and has no entry for it comes in before the new program begins; no room: the exec is refused (EAGAIN). Of whom
 * came so the namespaces are noted. What is executed by a protected process stays one, so of what it is given only the
 * arguments are everybody's to see.
 */
#include "../cgroups.h"
#include "../guards/room.h"
#include "../guards/traced.h"
#include "../namespaces.h"

LEAK_ROOM(bprm_check_security);

DOOR(bprm_check_security, struct linux_binprm *bprm)
{
	struct ct_attempt attempt = { .door = CT_DOOR_BPRM_CHECK_SECURITY };
	__u64 task = current_task(), leader = current_leader();
	struct ct_scope *me = scope_of(leader);
	int verdict;

	if (any_cgroup_protected()) {
		if (ct_enter(leader, cgroup_of(task), false))
			return CT_REFUSES ? -EAGAIN : 0;
		me = scope_of(leader);
	}
	if (!me)
		return 0;
	if (me->role & CT_ROLE_CANARY)
		count(&proofs, CT_DOOR_BPRM_CHECK_SECURITY);
	if (me->role & CT_ROLE_PROTECTED) {
		if (me->place)
			ct_note_new_namespaces(leader);
		guard_traced_exec(task, &attempt);
		verdict = decide(&attempt);
		if (verdict)
			return verdict;
	}
	if (task != leader) {
		/* It stays if the exec fails: else failed execs of many threads would fill the table. */
		if (me->role & CT_ROLE_PROTECTED && !has_share(me))
			return -EAGAIN;
		verdict = scope_inherit(task, me, me->role);
		if (verdict)
			return verdict;
	}
	if ((me->role & (CT_ROLE_PROTECTED | CT_ROLE_CANARY)) == CT_ROLE_PROTECTED)
		ENTER_ROOM(CT_VECTOR_LEAK_EXEC, bprm_check_security);
	return 0;
}
