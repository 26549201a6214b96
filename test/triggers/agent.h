/* SPDX-License-Identifier: Apache-2.0 */
/* For attacks on the agent itself. */
#ifndef CT_AGENT_H
#define CT_AGENT_H

#include "trigger.h"

/*
 * The process to attack: --agent, else whoever listens at the control socket, else --target, which stands in where no
 * agent runs: that the attack works on a process like any other is what it shows then.
 */
struct aim the_agent(const struct aim *aim);

/*
 * The same for a child of the agent, by the name of its thread: the processes by which it proves its doors. Without an
 * agent the target itself stands in for that as well.
 */
struct aim the_agents(const struct aim *aim, const char *child);

/* The state letter of a process, as /proc shows it. */
char state_of(pid_t pid);

#endif
