/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hibernate, and the roads of msr_io that are no file: the kernel asks its lockdown hook before each of them, also
 * where no lockdown is in force. Reasons are resolved by name: their numbers moved.
 */
#ifndef CT_GUARD_MACHINE_H
#define CT_GUARD_MACHINE_H

#include "procfs.h"

#define SYSFS_MAGIC 0x62656572

/*
 * Files of /sys/power and no others of those names: their directory is "power" at the top. What is written to resume
 * is the disk whose image takes the place of all memory.
 */
static __always_inline bool is_power_switch(const struct ct_short_name *name)
{
	return NAME_IS(name, "state") || NAME_IS(name, "resume") || NAME_IS(name, "autosleep");
}

/*
 * DAMON finds out where a process uses its memory, tells it by address, and pages it out when it is told to. The
 * process stands in what is written; nobody names one for another purpose. In debugfs until 6.9.
 */
static __always_inline void guard_damon(const struct ct_file *seen, __u32 mode, struct ct_attempt *attempt)
{
	if (!(mode & FMODE_WRITE) || (!NAME_IS(&seen->name, "pid_target") && !NAME_IS(&seen->name, "target_ids")))
		return;
	attempt->vector = CT_VECTOR_PROCESS_MADVISE;
}

static __always_inline void guard_power_state(const struct ct_file *seen, __u32 mode, struct ct_attempt *attempt)
{
	/* A local: else CO-RE would relocate the expression too. */
	struct dentry *dentry = seen->dentry, *directory, *top;
	struct ct_short_name name;

	if (!(mode & FMODE_WRITE) || !is_power_switch(&seen->name))
		return;
	directory = LOAD(dentry, d_parent);
	if (!short_name(directory, &name) || !NAME_IS(&name, "power"))
		return;
	top = LOAD(directory, d_parent);
	if (LOAD(top, d_parent) != top)
		return;
	attempt->vector = CT_VECTOR_HIBERNATE;
	attempt->name = name_of(seen->dentry);
}

/* The kernel asks for HIBERNATION also when somebody reads which sleep states there are: only reboot(2) counts. */
static __always_inline bool hibernates(__u32 reason)
{
	struct ct_syscall call;

	if (reason != bpf_core_enum_value(enum lockdown_reason, LOCKDOWN_HIBERNATION))
		return false;
	current_syscall(&call);
	return call.nr >= 0 && (call.compat ? call.nr == NR32_REBOOT : (call.nr & ~X32_BIT) == NR_REBOOT);
}

static __always_inline void guard_machine(__u32 reason, struct ct_attempt *attempt)
{
	if (reason == bpf_core_enum_value(enum lockdown_reason, LOCKDOWN_IOPORT))
		attempt->arg[0] = CT_MACHINE_ROAD_PORT;
	else if (reason == bpf_core_enum_value(enum lockdown_reason, LOCKDOWN_PCI_ACCESS))
		attempt->arg[0] = CT_MACHINE_ROAD_PCI;
	else if (reason == bpf_core_enum_value(enum lockdown_reason, LOCKDOWN_ACPI_TABLES))
		attempt->arg[0] = CT_MACHINE_ROAD_ACPI;
	if (attempt->arg[0])
		attempt->vector = CT_VECTOR_MSR_IO;
	else if (hibernates(reason))
		attempt->vector = CT_VECTOR_HIBERNATE;
}

#endif
