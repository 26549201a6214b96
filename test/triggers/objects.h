/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF objects that attacks on the agent aim at: the agent's own where it has pinned some, else a stand-in of the
 * same shape, made by the attacker and taken away at the end.
 */
#ifndef CT_OBJECTS_H
#define CT_OBJECTS_H

#include <linux/bpf.h>
#include <stddef.h>
#include <sys/types.h>

#define PIN_PATH 96

struct objects {
	int real; /* 1: the agent's */
	char top[PIN_PATH];
	char maps[PIN_PATH];
	char map[PIN_PATH];   /* of a hash of __u32 to __u32, whose types the kernel knows */
	char spare[PIN_PATH]; /* of a map that the agent can do without */
	char ring[PIN_PATH];
	char doors[PIN_PATH]; /* directory of links */
	char link[PIN_PATH];
	char program[PIN_PATH];
};

void find_objects(struct objects *objects);

/* bpf(2); a negative errno. compat: by the 32-bit table, with attr in low memory. */
long bpf_call(int compat, int command, union bpf_attr *attr, size_t size);

/* Keys and values of that size. */
int make_map(unsigned int type, unsigned int size, unsigned int entries);
/* Of type BPF_PROG_TYPE_CGROUP_SKB: lets every packet pass. */
int make_passing(void);

/* Of this process alone, until it ends. */
void drop_capability(int capability);

int get_pinned(const char *path, unsigned int flags, int compat);
int pin(int fd, const char *path);

/* What fdinfo says of a descriptor under that word: map_id, link_id, prog_id. */
unsigned int id_of(int fd, const char *word);

/* The first such id among what a process holds; 0: none. */
unsigned int id_held_by(pid_t holder, const char *word);

/* Whether the kernel lists that id. */
int is_listed(int next_command, unsigned int id);

/* Runs it in a child, so that what it does is not taken for the attack. */
void by_another(void (*action)(void *argument), void *argument);

#endif
