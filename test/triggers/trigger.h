/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the attack programs share: arguments in, one line of JSON with the truth out.
 * Exit status: 0 the attack succeeded, 1 it was refused, 2 it could not be tried here (the JSON says why).
 */
#ifndef CT_TRIGGER_H
#define CT_TRIGGER_H

#include <stddef.h>
#include <sys/types.h>

/* What the attack is aimed at: the command line. */
struct aim {
	pid_t target;
	pid_t agent;	       /* the agent, if it is known; see the_agent() */
	pid_t tid;	       /* a thread of the target that is not its leader; looked up if not given */
	unsigned long address; /* in the target: of the secret, or of what is written to if there is no scratch */
	unsigned long scratch; /* in the target: where a write does no harm */
	size_t length;
	int fd;		  /* a descriptor number of the target */
	const char *file; /* a module file */
	const char *name; /* a module or file system name */
	int live;	  /* 1: on a node in use: ask only for what a guard refuses before anything happens */
};

struct outcome {
	int error;  /* 0: succeeded */
	int listed; /* 1: ENOENT is a refusal, since what was attacked is there to be seen */
	char got[512];
};

/* Returns a descriptor or a negative errno. Makes exactly one open of the path. */
typedef int (*opener)(const char *path, int flags);

struct road {
	const char *name;
	void (*attempt)(const struct aim *aim, const struct road *road, struct outcome *out);
	opener open;	      /* for roads that differ in how a file is opened */
	const char *file;     /* for roads that differ in which file is opened */
	const char *argument; /* for roads that differ in what is written */
	int in_task;	      /* 1: the file below /proc/P/task/T */
	int number;	      /* for roads that differ in a constant */
	int compat;	      /* 1: by the 32-bit system call table */

	/* For `cloudtaser selftest`. A road says one of the two; with both, the reason counts. */
	int live;	      /* 1: harmless on a node in use, with aim.live, except to its target */
	const char *not_live; /* why it is not made there */
	int wide;	      /* 1: whatever the target, the whole node is meant: refused for everybody */
	int silent;	      /* 1: with aim.live, a refusal does not reach the caller: only the event tells */
};

#define HELD_TOO_EARLY "its descriptor would have to be older than the protection of anything on this node"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int run_trigger(int argc, char **argv, const char *vector, const struct road *roads, size_t count);

/* Ends the program with status 2: the attack itself was not, or could not be, made. Reports errno. */
void cannot_try(const char *why) __attribute__((noreturn));

/* The attack's own result. */
void succeeded(struct outcome *out, const void *evidence, size_t length);
void refused(struct outcome *out, int error);
/* Of a file to be written, the descriptor or -errno. True, and told, if that was all: refused, or live and closed
 * again. */
int ends_at_open(const struct aim *aim, int fd, struct outcome *out);

/* The thread to aim at, --tid or the first one found. */
pid_t other_thread(const struct aim *aim);
/* 0: the attacker is this process; else it is that one, a child. */
extern pid_t attacker;

/* "/proc/P/FILE" or "/proc/P/task/T/FILE". */
void procfs_path(char *path, size_t size, const struct aim *aim, const struct road *road);

/* Opens the road's procfs file of the target and reads at the offset into buffer; reports a failure by itself. */
ssize_t read_by_road(const struct aim *aim, const struct road *road, struct outcome *out, void *buffer, size_t size,
		     off_t offset);

/* 32-bit system call of this 64-bit process. Pointers must come from low_memory. Returns a negative errno. */
long compat_syscall(long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e);
void *low_memory(size_t size);

/* Makes /mnt an empty private tmpfs of this process, gone when it ends. */
void private_mnt(void);

int open_plain(const char *path, int flags);
int open_compat(const char *path, int flags);	     /* int $0x80 */
int open_second_procfs(const char *path, int flags); /* the path must begin with /proc */
int open_bind(const char *path, int flags);	     /* through a bind mount of the file */
int open_opath(const char *path, int flags);	     /* O_PATH, then /proc/self/fd/N */
int open_other_pidns(const char *path, int flags);   /* for a target in a nested pid namespace */
int open_in_thread(const char *path, int flags);     /* from a thread of ours that is not the leader */
int open_io_uring(const char *path, int flags);
int unlink_io_uring(const char *path);
int open_io_uring_async(const char *path, int flags); /* forced into a kernel worker */
int read_io_uring(int fd, void *buffer, size_t size, off_t offset, int in_worker);
int write_io_uring(int fd, const void *buffer, size_t size, int in_worker);

/* The descriptor that the holder opened for this path before protection began, received over a unix socket. */
int open_held(const char *path, int flags);

#endif
