/* SPDX-License-Identifier: Apache-2.0 */
/* What the prober may: see capabilities.c. */
#ifndef CT_CANARY_CAPABILITIES_H
#define CT_CANARY_CAPABILITIES_H

#include <sys/types.h>

/* The lower 31 of its effective capabilities, or a negative errno. The victim is nobody's business here. */
int capabilities(pid_t victim);

#endif
