/* SPDX-License-Identifier: Apache-2.0 */
/* The prober's attempts on what the agent stands on: see objects.c. */
#ifndef CT_CANARY_OBJECTS_H
#define CT_CANARY_OBJECTS_H

/* Makes what the attempts need, while nothing refuses it yet. 0 or an errno. */
int hold_objects(void);

/* Makes the attempt at that door and says its errno. 0: there is none of that name. */
int probe_object(const char *name);

#endif
