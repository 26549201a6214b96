/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dev_mem, msr_io, hibernate: character devices by number, whatever the node is called and wherever it lies.
 * Numbers that the kernel gives out at run time (VFIO, UIO) come from user space, by the map of devices.
 */
#ifndef CT_GUARD_DEVICE_H
#define CT_GUARD_DEVICE_H

#include "../verdict.h"

#define MINOR_BITS    20
#define MINOR_ALL     ((1 << MINOR_BITS) - 1)
#define MEM_MAJOR     1
#define MISC_MAJOR    10
#define MISC_VFIO     196
#define MISC_SNAPSHOT 231
#define MSR_MAJOR     202
#define FIRST_DYNAMIC 234 /* lower majors are assigned once and for all */

static __always_inline __u32 machine_road(__u32 major, __u32 minor)
{
	struct ct_device_key key = { .dev = major << MINOR_BITS | MINOR_ALL };
	__u32 *road;

	if (major == MSR_MAJOR)
		return CT_MACHINE_ROAD_MSR;
	if (major == MISC_MAJOR && minor == MISC_VFIO)
		return CT_MACHINE_ROAD_VFIO;
	if (major < FIRST_DYNAMIC)
		return 0;
	road = bpf_map_lookup_elem(&devices, &key);
	return road ? *road : 0;
}

static __always_inline void guard_device(struct file *file, struct inode *inode, struct ct_attempt *attempt)
{
	__u32 rdev = LOAD(inode, i_rdev), minor = rdev & MINOR_ALL, major = rdev >> MINOR_BITS;

	if (major == MEM_MAJOR) {
		if (minor != 1 && minor != 2 && minor != 4)
			return;
		attempt->vector = CT_VECTOR_DEV_MEM;
		attempt->arg[0] = minor;
	} else if (major == MISC_MAJOR && minor == MISC_SNAPSHOT) {
		attempt->vector = CT_VECTOR_HIBERNATE;
	} else {
		attempt->arg[0] = machine_road(major, minor);
		if (!attempt->arg[0])
			return;
		attempt->vector = CT_VECTOR_MSR_IO;
	}
	attempt->name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
}

#endif
