/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * leak_exec: the arguments of an exec, where the caller has them: the kernel's copy lies in memory that is not in use
 * yet. A script comes here again for its interpreter, with the same ones.
 */
#include "../leak/room.h"

static __always_inline bool arguments(const struct ct_leak_call *call, struct ct_leak_source *from)
{
	from->narrow = call->narrow;
	switch (call->nr) {
	case 59:  /* execve */
	case 520: /* x32: execve */
		if (call->compat)
			return false;
		from->base = call->arg[1];
		return true;
	case 322: /* execveat */
	case 545: /* x32: execveat */
		if (call->compat)
			return false;
		from->base = call->arg[2];
		return true;
	case 11: /* 32-bit: execve */ from->base = call->arg[1]; return call->compat;
	case 358: /* 32-bit: execveat */ from->base = call->arg[2]; return call->compat;
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
