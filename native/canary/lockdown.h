/* SPDX-License-Identifier: Apache-2.0 */
/* The prober's attempt at the lockdown hook: see lockdown.c. */
#ifndef CT_CANARY_LOCKDOWN_H
#define CT_CANARY_LOCKDOWN_H

/* 0 where nothing refuses it, else an errno. */
int probe_locked_down(void);

#endif
