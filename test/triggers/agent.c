// SPDX-License-Identifier: Apache-2.0
/* Finds the agent without asking it: it may be stopped. */
#define _GNU_SOURCE
#include "agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"

/* The kernel says who listens, as soon as the connection stands; 0 if nobody does. */
static pid_t listener(void)
{
	int fd = connect_to_agent(AGENT_SOCKET);
	struct ucred who = { .pid = 0 };
	socklen_t size = sizeof(who);

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size))
		cannot_try("the listener is unknown");
	close(fd);
	return who.pid;
}

struct aim the_agent(const struct aim *aim)
{
	pid_t agent = aim->agent ? aim->agent : listener();
	struct aim at = *aim;

	if (!agent)
		return at;
	at.target = agent;
	/* What is known of the target is not true of the agent. */
	at.tid = 0;
	at.fd = 0;
	at.address = 0;
	return at;
}

char state_of(pid_t pid)
{
	char path[64], text[512], *at;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		cannot_try("the state cannot be read");
	close(fd);
	text[got] = '\0';
	at = strrchr(text, ')');
	return at && at[1] ? at[2] : '?';
}
