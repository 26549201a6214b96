/* SPDX-License-Identifier: Apache-2.0 */
/* The prober's attempts at what it does itself: see own.c. */
#ifndef CT_CANARY_OWN_H
#define CT_CANARY_OWN_H

/* Makes the attempt at that door and says its errno. 0: there is none of that name. */
int probe_own(const char *name);

#endif
