/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the pins lie in the tree of mounts: the mount of their file system as the agent sees it, the same as process 1
 * sees it, and whatever each hangs on. Mounts elsewhere of the same file system (copies in containers) are nobody's
 * business, unless what happens to them is passed on to these by the sharing of mounts.
 */
#ifndef CT_MOUNTS_H
#define CT_MOUNTS_H

#include "task.h"
#include "maps.h"
#include "vmlinux_rare.h"

#define MOUNT_DEPTH    12 /* deeper than this nothing is guarded */
#define PATH_DEPTH     8
#define MOUNT_CHILDREN 64

#define MOUNT_READ(address, field) BPF_CORE_READ((struct mount *)(address), field)

static __always_inline __u64 mount_at(__u64 vfsmount)
{
	return vfsmount - bpf_core_field_offset(struct mount, mnt);
}

static __always_inline __u64 mount_of(const struct vfsmount *mnt)
{
	return mount_at(address_of(mnt));
}

/* Mounts and unmounts in one of a group of peers happen in the others too. */
static __always_inline bool same_or_peer(__u64 one, __u64 other)
{
	int group = MOUNT_READ(one, mnt_group_id);

	return one == other || (group && group == MOUNT_READ(other, mnt_group_id));
}

/* A peer of what the pins hang on, with its own copy of `point` mounted: taken away, it takes ours with it. */
__weak __noinline int ct_carries(__u64 gone, __u64 point)
{
	__u64 head = gone + bpf_core_field_offset(struct mount, mnt_mounts);
	__u64 node = (__u64)MOUNT_READ(gone, mnt_mounts.next);

	for (int i = 0; i < MOUNT_CHILDREN && node && node != head; i++) {
		__u64 child = node - bpf_core_field_offset(struct mount, mnt_child);

		if ((__u64)MOUNT_READ(child, mnt_mountpoint) == point)
			return true;
		node = (__u64)MOUNT_READ(child, mnt_child.next);
	}
	return false;
}

/* Does the mount at `pins` go, if `gone` and all below it is unmounted? */
__weak __noinline int ct_goes_with(__u64 pins, __u64 gone)
{
	__u64 at = pins, above, point, peer_point = 0;
	__u64 gone_above = (__u64)MOUNT_READ(gone, mnt_parent), gone_point = (__u64)MOUNT_READ(gone, mnt_mountpoint);

	for (int i = 0; i < MOUNT_DEPTH; i++) {
		above = (__u64)MOUNT_READ(at, mnt_parent);
		point = (__u64)MOUNT_READ(at, mnt_mountpoint);
		if (at == gone)
			return true;
		if (!above || above == at)
			break;
		if (point == gone_point && same_or_peer(above, gone_above))
			return true;
		if (!peer_point && above != gone && same_or_peer(above, gone))
			peer_point = point;
		at = above;
	}
	return peer_point && ct_carries(gone, peer_point);
}

/* Is `dentry` the place where `point` is, or a directory above it in the same file system? */
static __always_inline bool is_above(__u64 dentry, __u64 point)
{
	for (int i = 0; i < PATH_DEPTH && point; i++) {
		__u64 parent;

		if (point == dentry)
			return true;
		parent = (__u64)BPF_CORE_READ((struct dentry *)point, d_parent);
		if (parent == point)
			return false;
		point = parent;
	}
	return false;
}

/* Is the mount at `pins` out of sight, if something is mounted over `dentry` on `onto`? */
__weak __noinline int ct_hidden_by(__u64 pins, __u64 onto, __u64 dentry)
{
	__u64 at = pins, above;

	for (int i = 0; i < MOUNT_DEPTH; i++) {
		above = (__u64)MOUNT_READ(at, mnt_parent);
		if (!above || above == at)
			break;
		if (same_or_peer(above, onto) && is_above(dentry, (__u64)MOUNT_READ(at, mnt_mountpoint)))
			return true;
		at = above;
	}
	return false;
}

/* Is one of the mounts that hold the pins mounted on this directory? Removing it unmounts it everywhere. */
__weak __noinline int ct_is_mountpoint_of(__u64 pins, __u64 dentry)
{
	__u64 at = pins, above;

	for (int i = 0; i < MOUNT_DEPTH; i++) {
		above = (__u64)MOUNT_READ(at, mnt_parent);
		if (!above || above == at)
			break;
		if ((__u64)MOUNT_READ(at, mnt_mountpoint) == dentry)
			return true;
		at = above;
	}
	return false;
}

#endif
