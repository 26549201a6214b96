/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_RUN_H
#define CT_RUN_H

/* The victim ends: what it needs to be attacked cannot be had. */
void fail(const char *what);

/* "TRIGGER ROAD": runs it and prints its status and its line as one line of JSON. */
void run_beside(char *trigger);

#endif
