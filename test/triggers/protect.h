/* SPDX-License-Identifier: Apache-2.0 */
/* For attacks whose victim must be the attacker's own child. */
#ifndef CT_PROTECT_H
#define CT_PROTECT_H

#include "trigger.h"

/* The agent has put the process under protection when this returns, if it protects the target. Otherwise nothing. */
void protect(const struct aim *aim, pid_t who);

/* Has the agent, if one runs, load its configuration again and look at what it stands on. */
void reload_agent(void);

#endif
