/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's control socket, for programs without a library: Node takes two seconds to start in a guest. */
#ifndef CT_CONTROL_H
#define CT_CONTROL_H

#include <stddef.h>

#define AGENT_SOCKET "/run/cloudtaser/control.sock"

/* A connection to the agent's control socket; -1 if nobody listens there. */
int connect_to_agent(const char *path);

/*
 * One request over such a connection, which it closes. The whole answer, head and body, ended by a NUL that `length`
 * does not count, to be freed; empty if none came. body: "" for none.
 */
char *ask_agent(int fd, const char *method, const char *path, const char *body, size_t *length);

#endif
