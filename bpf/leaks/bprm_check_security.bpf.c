/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * leak_exec: the arguments of an exec, where the caller has them: the kernel's copy lies in memory that is not in use
 * yet. A script comes here again for its interpreter, with the same ones.
 */
#include "../leak/room.h"

static __always_inline bool arguments(const struct ct_leak_call *call, struct ct_leak_source *from)
{
	from->narrow = call->narrow;
	if (call->compat) {
		from->base = call->arg[call->nr == NR32_EXECVE ? 1 : 2];
		return call->nr == NR32_EXECVE || call->nr == NR32_EXECVEAT;
	}
	switch (call->nr) {
	case EXECVE_CALLS: from->base = call->arg[1]; return true;
	case EXECVEAT_CALLS: from->base = call->arg[2]; return true;
	}
	return false;
}

ROOM(bprm_check_security, struct linux_binprm *bprm)
{
	struct ct_leak_source from = { .array = true, .kind = LEAK_STRINGS };
	struct ct_leak_goal goal = { .sink = CT_LEAK_SINK_ARGUMENTS };
	struct linux_binprm___names *names = (void *)bprm;
	struct ct_leak_call call;

	if (names->interp != names->filename)
		return 0;
	leak_call(&call);
	if (!arguments(&call, &from))
		return not_looked_at(CT_VECTOR_LEAK_EXEC, CT_DOOR_BPRM_CHECK_SECURITY, CT_LEAK_REASON_UNKNOWN);
	from.size = names->argc;
	return look_at(&from, &goal, CT_VECTOR_LEAK_EXEC, CT_DOOR_BPRM_CHECK_SECURITY);
}
