/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with a descriptor of the agent's map, link or program that the holder has had: attempts of bpf_tamper.
 */
#ifndef CT_BPF_HELD_H
#define CT_BPF_HELD_H

#include "trigger.h"

/* The holder got it while the agent only observed; of a stand-in it gets it now. */
int held(const char *path);

void conclude(struct outcome *out, const char *what, long result);

/* number: the command */
void use_map(const struct aim *aim, const struct road *road, struct outcome *out);
/* number: the command; file: of the link's program, not of the link */
void use_link(const struct aim *aim, const struct road *road, struct outcome *out);
/* number: 1 for the link */
void pin_held(const struct aim *aim, const struct road *road, struct outcome *out);

/* A program that is loaded with it writes into it. */
void use_in_program(const struct aim *aim, const struct road *road, struct outcome *out);
/* It is put into a map of maps, out of which a program takes it. number: the type of that; argument: how. */
void put_into_map(const struct aim *aim, const struct road *road, struct outcome *out);
void bind_map(const struct aim *aim, const struct road *road, struct outcome *out);
void walk_map(const struct aim *aim, const struct road *road, struct outcome *out);

/* number: what may be done with the memory */
void map_ring(const struct aim *aim, const struct road *road, struct outcome *out);

#endif
