/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Part of abi.h: registered secrets, as the kernel knows them, and where they may go. Hashes: leak_hash.h.
 * A form is a secret in one encoding, or a piece of it where that is longer than CT_LEAK_FORM_MAX.
 */
#ifndef CT_ABI_LEAK_H
#define CT_ABI_LEAK_H

#define CT_LEAK_FORM_MIN 12	   /* bytes */
#define CT_LEAK_FORM_MAX 1024	   /* bytes */
#define CT_LEAK_CHAIN	 4	   /* anchors behind one window */
#define CT_LEAK_SCAN_MAX (1 << 20) /* bytes: ct_leak_head.scan_limit is at most this, and at least 4096 */

/* Map "leak_head": array of 1. */
struct ct_leak_head {
	__u64 key[2];	  /* random at each boot */
	__u64 groups;	  /* bit n: a group g with g % 64 == n may have secrets; what others do is not looked at */
	__u32 step;	  /* distance of probed offsets: length of the shortest form - 7; 0: no secret registered */
	__u32 longest;	  /* form, in bytes */
	__u32 scan_limit; /* bytes of one operation that are looked at */
	__u32 beyond;	  /* enum ct_leak_beyond */
	__u32 unscanned;  /* enum ct_leak_unscanned */
	__u32 pad;
};

/* What becomes of an operation of more than scan_limit bytes that is not refused for what was seen of it. */
enum ct_leak_beyond {
	CT_LEAK_BEYOND_EDGES =
		0, /* the first and the last half of scan_limit are looked at; it is reported and passes */
	CT_LEAK_BEYOND_REFUSE = 1,
};

/* What becomes of an operation whose content cannot be read. */
enum ct_leak_unscanned {
	CT_LEAK_UNSCANNED_REFUSE = 0,
	CT_LEAK_UNSCANNED_REPORT = 1, /* it passes */
};

/*
 * Map "leak_windows": array of 1, a bitmap of 2^CT_LEAK_WINDOW_BITS bits: every window of every form.
 * Map "leak_anchor_bits": array of 1, likewise of 2^CT_LEAK_ANCHOR_BITS bits: the windows that are anchors.
 * Some bits of removed secrets may stay: they cost a look, and mean nothing by themselves.
 */

/* Map "leak_anchors": hash. A chain: index 0, 1, ... until none is found, at most CT_LEAK_CHAIN. */
struct ct_leak_anchor_key {
	__u64 window; /* ct_leak_anchor_hash(), never its bytes */
	__u32 index;
	__u32 pad;
};

struct ct_leak_anchor {
	__u64 fingerprint; /* of the whole form */
	__u32 length;	   /* of the form, CT_LEAK_FORM_MIN to CT_LEAK_FORM_MAX */
	__u32 offset;	   /* of the window in it */
	__u32 secret;	   /* a key of "leak_secrets" */
	__u32 encoding;	   /* enum ct_leak_encoding */
};

enum ct_leak_encoding {
	CT_LEAK_ENCODING_PLAIN = 0,
	CT_LEAK_ENCODING_BASE64 = 1,
	CT_LEAK_ENCODING_BASE64URL = 2,
	CT_LEAK_ENCODING_HEX = 3,
	CT_LEAK_ENCODING_HEX_UPPER = 4,
	CT_LEAK_ENCODING_PERCENT = 5,
	CT_LEAK_ENCODING_JSON = 6,
	CT_LEAK_ENCODING_SHELL = 7,
};

/* Map "leak_secrets": hash, key: number of the secret (__u32, below CT_LEAK_OWNER_GROUP, never 0). */
struct ct_leak_secret {
	__u32 group; /* only processes of that group are judged by it */
	__u32 flags; /* 0 */
};

/* Owner of a sink that is a workload's, not a secret's (egress): CT_LEAK_OWNER_GROUP | group. */
#define CT_LEAK_OWNER_GROUP 0x80000000u

/*
 * Map "leak_sinks": LPM trie, value __u32 (1). Where that owner may send to. Two look-ups, by the port and by 0 for
 * any port. A v4 address, also one in a v6 socket, stands in the first four bytes.
 */
struct ct_leak_sink_key {
	__u32 prefixlen; /* bits from owner on: 64 + those of the network */
	__u32 owner;
	__u16 port;   /* network order */
	__u16 family; /* 4 or 6 */
	__u8 address[16];
};

/* Map "leak_sink_files": hash, value __u32 (1). A file, or the socket file of a unix address. */
struct ct_leak_file_key {
	__u64 ino;
	__u32 dev; /* kernel-internal dev_t */
	__u32 owner;
};

/* Bits of ct_event.arg[1] of the leak vectors; arg[0]: number of the secret, 0 if nothing was matched. */
#define CT_LEAK_ARG_ENCODING 0	/* 8 bits, enum ct_leak_encoding */
#define CT_LEAK_ARG_REASON   8	/* 8 bits, enum ct_leak_reason */
#define CT_LEAK_ARG_PLACE    16 /* 8 bits, enum ct_leak_place */
#define CT_LEAK_ARG_SINK     24 /* 8 bits, enum ct_leak_sink */
#define CT_LEAK_ARG_LENGTH   32 /* 16 bits: length of the form */
#define CT_LEAK_ARG_PORT     48 /* 16 bits, host order: of an internet sink */
/* ct_event.arg[2], arg[3]: the sink's address as it lies in memory; a v4 address as ::ffff:a.b.c.d. */

enum ct_leak_reason {
	CT_LEAK_REASON_MATCH = 0,
	CT_LEAK_REASON_UNREADABLE = 1, /* a page that is not there, or memory that is not the caller's */
	CT_LEAK_REASON_BEYOND = 2,     /* more than scan_limit */
	CT_LEAK_REASON_UNKNOWN = 3,    /* a system call whose buffer is not known, or an io_uring worker */
	CT_LEAK_REASON_BUSY = 4,       /* no scratch memory was free, or it takes too many steps: refused */
};

/* Where in the operation the form began. */
enum ct_leak_place {
	CT_LEAK_PLACE_NONE = 0,
	CT_LEAK_PLACE_START = 1,      /* at its first byte */
	CT_LEAK_PLACE_FIRST_64 = 2,   /* within the first 64 bytes */
	CT_LEAK_PLACE_FIRST_4096 = 3, /* within the first 4096 */
	CT_LEAK_PLACE_LATER = 4,
};

/* Where it was to go. */
enum ct_leak_sink {
	CT_LEAK_SINK_NONE = 0,
	CT_LEAK_SINK_FILE = 1, /* ct_event.name: its last name */
	CT_LEAK_SINK_PIPE = 2,
	CT_LEAK_SINK_DEVICE = 3, /* terminals, kmsg */
	CT_LEAK_SINK_INTERNET = 4,
	CT_LEAK_SINK_UNIX = 5,
	CT_LEAK_SINK_SOCKET = 6,    /* of another family */
	CT_LEAK_SINK_ARGUMENTS = 7, /* of an exec */
	CT_LEAK_SINK_NAME = 8,	    /* of a file, directory, node, link */
	CT_LEAK_SINK_LINK = 9,	    /* target of a symbolic link */
	CT_LEAK_SINK_XATTR = 10,
	CT_LEAK_SINK_PROCESS_NAME = 11,
	CT_LEAK_SINK_MESSAGE = 12,  /* System V or POSIX queue */
	CT_LEAK_SINK_KEY = 13,	    /* key ring */
	CT_LEAK_SINK_KEYBOARD = 14, /* TIOCSTI: one byte at a time, so never matched */
};

#endif
