// SPDX-License-Identifier: Apache-2.0
/* Finds the agent without asking it: it may be stopped. */
#define _GNU_SOURCE
#include "agent.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

struct status {
	char name[64];
	char state;
	int parent;
};

static int read_status(pid_t pid, struct status *status)
{
	char path[64], text[512], *begin, *end;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (got <= 0)
		return 0;
	text[got] = '\0';
	begin = strchr(text, '(');
	end = strrchr(text, ')');
	if (!begin || !end)
		return 0;
	*end = '\0';
	snprintf(status->name, sizeof(status->name), "%s", begin + 1);
	return sscanf(end + 1, " %c %d", &status->state, &status->parent) == 2;
}

struct aim the_agents(const struct aim *aim, const char *child)
{
	struct aim at = the_agent(aim);
	pid_t agent = at.target;
	struct status status;
	struct dirent *entry;
	DIR *all;

	if (agent == aim->target)
		return at;
	all = opendir("/proc");
	at.target = 0;
	while (all && !at.target && (entry = readdir(all))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && read_status(pid, &status) && status.parent == agent && !strcmp(status.name, child))
			at.target = pid;
	}
	if (!at.target)
		cannot_try("the agent has no such child");
	closedir(all);
	return at;
}

char state_of(pid_t pid)
{
	struct status status;

	if (!read_status(pid, &status))
		cannot_try("the state cannot be read");
	return status.state;
}
