/* SPDX-License-Identifier: Apache-2.0 */
/* The prober's attempts with names, messages and keys: see names.c. */
#ifndef CT_CANARY_NAMES_H
#define CT_CANARY_NAMES_H

/* Makes what the attempts need, while nothing refuses it yet. 0 or an errno. */
int hold_names(void);

/* Makes the attempt at that door and says its errno. 0: there is none of that name. */
int probe_name(const char *name);

#endif
