/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory gets other rights: two loads for all but what becomes writable and is shared. */
#include "../guards/shared_map.h"

DOOR(file_mprotect, struct vm_area_struct *vma, unsigned long asked, unsigned long prot)
{
	if (!is_made_writable(vma, prot))
		return 0;

	struct ct_attempt attempt = { .door = CT_DOOR_FILE_MPROTECT };

	guard_made_writable(vma, &attempt);
	return judge_act(&attempt);
}
