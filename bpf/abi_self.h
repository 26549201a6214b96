/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of the ABI that is about the agent itself, and what attacks on it are told by. Rules as in abi.h. */
#ifndef CT_ABI_SELF_H
#define CT_ABI_SELF_H

/* ct_event.arg[0] of bpf_tamper; arg[1]: BPF_* command */
enum ct_tamper_road {
	CT_TAMPER_ROAD_BY_ID = 1,   /* a descriptor of ours asked for by its id */
	CT_TAMPER_ROAD_PINNED = 2,  /* the same by a pin */
	CT_TAMPER_ROAD_HELD = 3,    /* a descriptor of ours used in a bpf() call */
	CT_TAMPER_ROAD_MAPPING = 4, /* a map of ours mapped into memory */
};

/* ct_event.arg[0] of pin_remove */
enum ct_pin_road {
	CT_PIN_ROAD_UNLINK = 1,
	CT_PIN_ROAD_RENAME = 2,
	CT_PIN_ROAD_LINK = 3,
	CT_PIN_ROAD_RMDIR = 4,
	CT_PIN_ROAD_CHMOD = 5,
	CT_PIN_ROAD_UNMOUNT = 6,
	CT_PIN_ROAD_COVER = 7, /* something mounted over the pins or over what they lie on */
	CT_PIN_ROAD_MOVE = 8,  /* the mount of the pins, or one that it hangs on, moved */
	CT_PIN_ROAD_ADD = 9,   /* something put beside the pins */
};

/* ct_event.arg[0] of preload */
enum ct_preload_variable {
	CT_PRELOAD_VARIABLE_PRELOAD = 1,
	CT_PRELOAD_VARIABLE_AUDIT = 2,
	CT_PRELOAD_VARIABLE_LIBRARY_PATH = 3,
	CT_PRELOAD_VARIABLE_UNKNOWN = 4,       /* the environment could not be read to its end */
	CT_PRELOAD_VARIABLE_OPEN_TO_WRITE = 5, /* no variable: somebody has the file open for writing */
};

/*
 * Map "agent": array of 1, written by the census alone. Who the agent is, and by which executable the next one is known
 * once this one is dead; where the pins lie.
 */
struct ct_agent {
	__u64 leader;	  /* a key of "scope"; 0: there was none yet */
	__u64 exe_ino;	  /* of the running executable */
	__u64 next_ino;	  /* of the file that lies at its path now: it may have been replaced */
	__u64 pins_sb;	  /* address of the superblock, 0: nothing is pinned */
	__u64 mounts[2];  /* addresses of its mounts: as the agent sees it, and as process 1 does */
	__u64 seen_in[2]; /* addresses of the mount namespaces those are in */
	__u32 exe_dev;	  /* kernel-internal dev_t */
	__u32 next_dev;
};

/* Map "pinned": hash. Directories of pins. Value: enum ct_pinned. */
struct ct_pinned_key {
	__u64 ino;
	__u32 dev; /* kernel-internal dev_t */
	__u32 pad;
};

enum ct_pinned {
	CT_PINNED_DIRECTORY = 1, /* all that lies in it is ours */
	CT_PINNED_ABOVE = 2,	 /* it holds such a directory, and maybe what is others' */
};

#endif
