/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_MANY_H
#define CT_MANY_H

/* Forks so often, come what may; prints the children and how often there was none as one line of JSON. */
void fork_many(int wanted);

/* Ends them, and returns when they are gone. */
void end_many(void);

#endif
