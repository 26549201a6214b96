/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of no type of their own that read memory at an address of their choice, each in another way. */
#ifndef CT_PROGRAMS_H
#define CT_PROGRAMS_H

#include <linux/bpf.h>
#include <stddef.h>

#define LONGEST_PROGRAM 24

/* Number of instructions; 0: there is no way of that name. Ends the attack where this kernel lacks what it needs. */
size_t reading_program(const char *way, struct bpf_insn into[LONGEST_PROGRAM]);

#endif
