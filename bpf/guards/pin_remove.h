/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pin_remove: the names of the agent's pins in bpffs, new names beside them, the mounts that carry them, and the
 * directories on which those are mounted. The canary's attacker does each of these things in a bpffs of its own, which
 * nobody else sees.
 */
#ifndef CT_GUARD_PIN_REMOVE_H
#define CT_GUARD_PIN_REMOVE_H

#include "../mounts.h"
#include "bpf_tamper.h"

#define BPF_FS_MAGIC   0xcafe4a11
#define MS_REMOUNT     32
#define MS_MOVE	       8192
#define MS_PROPAGATION (1 << 17 | 1 << 18 | 1 << 19 | 1 << 20) /* how mounts are shared from now on: nothing goes */

static __always_inline void remove_pin(__u32 road, const struct dentry *dentry, struct ct_attempt *attempt)
{
	attempt->vector = CT_VECTOR_PIN_REMOVE;
	attempt->always = true;
	attempt->arg[0] = road;
	attempt->name = dentry ? BPF_CORE_READ(dentry, d_name.name) : NULL;
}

/* enum ct_pinned, 0 for all others; NULL is nobody's. */
static __always_inline __u32 pinned_as(const struct inode *inode)
{
	struct ct_pinned_key key = { .ino = BPF_CORE_READ(inode, i_ino) };
	__u32 *how;

	key.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	how = bpf_map_lookup_elem(&pinned, &key);
	return how ? *how : 0;
}

/* An entry of one of our directories, or a directory that leads there. */
static __always_inline bool is_pin(const struct dentry *dentry)
{
	return pinned_as(BPF_CORE_READ(dentry, d_inode)) ||
	       pinned_as(BPF_CORE_READ(dentry, d_parent, d_inode)) == CT_PINNED_DIRECTORY;
}

/* In bpffs, which the caller has checked. */
static __always_inline void guard_pin(__u32 road, const struct dentry *dentry, struct ct_attempt *attempt)
{
	if (is_pin(dentry) || is_prober())
		remove_pin(road, dentry, attempt);
}

/*
 * Something is about to get a name in one of our directories: the next agent would find it among its own, or in the
 * way. On whatever file system. Whoever has a bpffs of his own has none of our directories there.
 */
static __always_inline void guard_new_pin(struct inode *dir, const struct dentry *dentry, struct ct_attempt *attempt)
{
	if (LOAD(dir, i_sb, s_magic) == BPF_FS_MAGIC && pinned_as(dir) == CT_PINNED_DIRECTORY)
		remove_pin(CT_PIN_ROAD_ADD, dentry, attempt);
}

static __always_inline bool is_mountpoint(const struct dentry *dentry)
{
	__u32 mounted = DCACHE_MOUNTED_OLD;

	if (bpf_core_enum_value_exists(enum dentry_flags___new, DCACHE_MOUNTED))
		mounted = bpf_core_enum_value(enum dentry_flags___new, DCACHE_MOUNTED);
	return BPF_CORE_READ(dentry, d_flags) & mounted;
}

/*
 * 0: none, or it is gone. Of a mount that is gone the address goes to another, soon to a copy of the same file system
 * in the namespace of a service that starts: refused a mount, that service would not start. So the mount must be in the
 * namespace where it was, and that of the agent counts only while the agent lives, since it may go with the agent.
 */
__weak __noinline __u64 ct_pins_mount(__u32 index)
{
	__u32 zero = 0;
	struct ct_agent *known = bpf_map_lookup_elem(&agent, &zero);
	__u64 mnt = known ? known->mounts[index & 1] : 0;

	if (!mnt || !known->pins_sb)
		return 0;
	if (!(index & 1) && !ct_agent_lives(known->leader))
		return 0;
	mnt = mount_at(mnt);
	if ((__u64)MOUNT_READ(mnt, mnt_ns) != known->seen_in[index & 1])
		return 0;
	return (__u64)MOUNT_READ(mnt, mnt.mnt_sb) == known->pins_sb ? mnt : 0;
}

/* The kernel refuses it only to those who see the mount: in another mount namespace it goes, everywhere. */
static __always_inline void guard_mountpoint(__u32 road, const struct dentry *dentry, struct ct_attempt *attempt)
{
	__u64 place = address_of(dentry);
	struct ct_agent *known;
	__u32 zero = 0;

	known = is_mountpoint(dentry) ? bpf_map_lookup_elem(&agent, &zero) : NULL;
	if (!known)
		return;
	for (int i = 0; i < 2; i++) {
		__u64 pins = ct_pins_mount(i);

		if (pins && ct_is_mountpoint_of(pins, place))
			remove_pin(road, dentry, attempt);
	}
}

static __always_inline void guard_umount(const struct vfsmount *mnt, struct ct_attempt *attempt)
{
	__u64 gone = mount_of(mnt);
	__u32 zero = 0;
	struct ct_agent *known = bpf_map_lookup_elem(&agent, &zero);
	bool ours = false;

	for (int i = 0; known && i < 2; i++) {
		__u64 pins = ct_pins_mount(i);

		if (pins && ct_goes_with(pins, gone))
			ours = true;
	}
	if (ours || is_prober())
		remove_pin(CT_PIN_ROAD_UNMOUNT, MOUNT_READ(gone, mnt_mountpoint), attempt);
}

/* Something is about to be mounted on the path. Inside bpffs: over the pins, or a directory above them. */
static __always_inline bool covers(const struct ct_agent *known, __u64 onto, const struct dentry *dentry)
{
	bool inside = BPF_CORE_READ(dentry, d_inode, i_sb, s_magic) == BPF_FS_MAGIC &&
		      (is_pin(dentry) || (__u64)MOUNT_READ(onto, mnt.mnt_root) == address_of(dentry));

	for (int i = 0; i < 2; i++) {
		__u64 pins = ct_pins_mount(i);

		if (!pins)
			continue;
		if (inside && same_or_peer(pins, onto))
			return true;
		if (ct_hidden_by(pins, onto, address_of(dentry)))
			return true;
	}
	return false;
}

/* The old call names what it moves by a text only: where the pins are seen, nothing is moved by it. */
static __always_inline bool may_move_pins(const struct ct_agent *known, __u64 onto)
{
	__u64 namespace = (__u64)MOUNT_READ(onto, mnt_ns);

	for (int i = 0; i < 2; i++) {
		__u64 pins = ct_pins_mount(i);

		if (pins && (__u64)MOUNT_READ(pins, mnt_ns) == namespace)
			return true;
	}
	return false;
}

/* The root of whoever asks: what is mounted there hides nothing from those who have it as theirs. */
static __always_inline bool is_root(const struct path *path)
{
	struct task_struct *task = (struct task_struct *)current_task();

	return BPF_CORE_READ(path, dentry) == BPF_CORE_READ(task, fs, root.dentry) &&
	       BPF_CORE_READ(path, mnt) == BPF_CORE_READ(task, fs, root.mnt);
}

static __always_inline void guard_mount(const struct path *path, unsigned long flags, struct ct_attempt *attempt)
{
	const struct dentry *dentry = BPF_CORE_READ(path, dentry);
	__u64 onto = mount_of(BPF_CORE_READ(path, mnt));
	__u32 zero = 0, road = flags & MS_MOVE ? CT_PIN_ROAD_MOVE : CT_PIN_ROAD_COVER;
	struct ct_agent *known = bpf_map_lookup_elem(&agent, &zero);

	/* The canary mounts something else on the root as well, where nobody would see it, to have another door refuse
	 * it. */
	if (is_prober() && (flags & MS_MOVE || is_root(path))) {
		if (flags & MS_MOVE)
			remove_pin(road, dentry, attempt);
		return;
	}
	if (!known || !known->pins_sb || flags & MS_PROPAGATION)
		return;
	/* A remount touches the file system or mount itself: read-only, the next agent could not pin. */
	if (flags & MS_REMOUNT) {
		if ((__u64)MOUNT_READ(onto, mnt.mnt_sb) != known->pins_sb ||
		    (onto != ct_pins_mount(0) && onto != ct_pins_mount(1)))
			return;
	} else if (flags & MS_MOVE) {
		if (!may_move_pins(known, onto))
			return;
	} else if (!covers(known, onto, dentry)) {
		return;
	}
	remove_pin(road, dentry, attempt);
}

static __always_inline void guard_move(const struct path *from, const struct path *to, struct ct_attempt *attempt)
{
	const struct dentry *dentry = BPF_CORE_READ(to, dentry);
	__u64 moved = mount_of(BPF_CORE_READ(from, mnt)), onto = mount_of(BPF_CORE_READ(to, mnt));
	__u32 zero = 0, road = 0;
	struct ct_agent *known = bpf_map_lookup_elem(&agent, &zero);

	for (int i = 0; known && i < 2; i++) {
		__u64 pins = ct_pins_mount(i);

		if (pins && ct_goes_with(pins, moved))
			road = CT_PIN_ROAD_MOVE;
	}
	if (!road && known && known->pins_sb && covers(known, onto, dentry))
		road = CT_PIN_ROAD_COVER;
	if (!road && is_prober())
		road = CT_PIN_ROAD_MOVE;
	if (road)
		remove_pin(road, dentry, attempt);
}

#endif
