// SPDX-License-Identifier: Apache-2.0
/* What the two halves of the guest's agent share: the frames, and one command
 * with its streams. */
#ifndef LAB_GUEST_AGENT_H
#define LAB_GUEST_AGENT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { EXEC = 1, INPUT = 2, INPUT_END = 3, KILL = 4, HELLO = 128, OUT = 129, ERR = 130, EXIT = 131 };
enum { MAX_FRAME = 4 << 20, CHUNK = 32768 };

struct command {
	struct command *next;
	uint32_t id;
	pid_t pid;
	int in, out, err;
	int status, exited, reported, input_ended;
	char *queue;
	size_t queued;
};

extern struct command *commands;

/* guest-agent.c */
void send_frame(uint8_t type, uint32_t id, const void *data, uint32_t size);

/* guest-command.c */
struct command *find_command(uint32_t id);
void start_command(uint32_t id, char *data, size_t size);
/* Sends on one chunk of what the command printed; true while more may come. */
int forward(struct command *c, int *fd, uint8_t type);
void feed_input(struct command *c);
void reap_commands(void);
void report_finished(void);

#endif
