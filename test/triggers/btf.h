/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_BTF_H
#define CT_BTF_H

/* Of a kernel function, in the kernel's own BTF. */
unsigned int function_id(const char *function);

unsigned int structure_id(const char *structure);

/* Types of our own, of which number 1 is a number of 32 bits: a descriptor, or a negative errno. */
int load_number_type(void);

#endif
