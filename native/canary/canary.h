/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two roles of the canary program and the line protocol they share.
 * Nothing here allocates; input is read byte by byte so that no line is lost in a buffer when the image is replaced.
 */
#ifndef CT_CANARY_H
#define CT_CANARY_H

#include <sys/types.h>

#define CANARY_PROBER "ct-prober" /* name of the prober's thread */
#define CANARY_LINE   64

/* Reads one line without its newline. Returns 1, or 0 at end of input. An overlong line comes back empty. */
int read_line(char line[CANARY_LINE]);

/* Prints "WORD NUMBER\n" in one write. */
void say_number(const char *word, long number);

/* Prints "WORD\n" in one write. */
void say(const char *word);

int run_victim(void);
int run_prober(void);

int probe_task_setrlimit(pid_t victim);
int probe_task_setscheduler(pid_t victim);
int probe_task_setnice(pid_t victim);
int probe_task_setioprio(pid_t victim);

#endif
