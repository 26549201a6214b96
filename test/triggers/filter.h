/* SPDX-License-Identifier: Apache-2.0 */
/* A program of a type that anybody's container tool loads, and that runs for whoever sends: a socket filter. */
#ifndef CT_FILTER_H
#define CT_FILTER_H

/*
 * Writes one entry into a map of __u32 to __u32 from within a program, whose first map is its maker's own. outer: the
 * map is not that one but what lies in it at 0. 0, or the negative errno of the load or of the update.
 */
long write_by_program(int map, int outer, unsigned int key, unsigned int value);

#endif
