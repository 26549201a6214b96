// SPDX-License-Identifier: Apache-2.0
/* Has the agent protect a process by its control socket, as an attacker's child that registers itself would. */
#define _GNU_SOURCE
#include "protect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

/* The whole answer; NULL if nobody listens. */
static char *ask(const char *method, const char *path, const char *body)
{
	const char *given = getenv("CT_SOCKET");
	int fd = connect_to_agent(given ? given : AGENT_SOCKET);
	size_t length;

	if (fd < 0 && given)
		cannot_try("this user cannot have the agent protect a child");
	return fd < 0 ? NULL : ask_agent(fd, method, path, body, &length);
}

void protect(const struct aim *aim, pid_t who)
{
	const char *given = getenv("CT_WORKLOAD");
	char body[96], wanted[32], name[32];
	char *answer = ask("GET", "/v1/status", "");

	if (!answer)
		return;
	/* Else an attack on a child that nobody protects would pass for one that got through. */
	if (strncmp(answer, "HTTP/1.1 200", 12))
		cannot_try("the agent does not say whom it protects");
	snprintf(wanted, sizeof(wanted), "\"pid\":%d,", aim->target);
	if (!strstr(answer, wanted))
		return;
	snprintf(name, sizeof(name), "child-%d", who);
	snprintf(body, sizeof(body), "{\"pid\":%d,\"name\":\"%s\"}", who, given ? given : name);
	answer = ask("POST", "/v1/protect", body);
	if (!answer || strncmp(answer, "HTTP/1.1 200", 12))
		cannot_try("the agent does not protect the child");
}

void reload_agent(void)
{
	ask("POST", "/v1/reload", "{}");
}
