// SPDX-License-Identifier: Apache-2.0
/* Has the agent protect a process by its control socket, as an attacker's child that registers itself would. */
#define _GNU_SOURCE
#include "protect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET	    "/run/cloudtaser/control.sock"
#define ANSWER_SIZE (1 << 20)

/* Sends one request and reads the whole answer; NULL if nobody listens. */
static char *ask(const char *request, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	const char *given = getenv("CT_SOCKET");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *answer = calloc(1, ANSWER_SIZE);
	size_t used = 0;
	ssize_t got;

	if (fd < 0 || !answer)
		cannot_try("no socket");
	if (given)
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", given);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		if (given)
			cannot_try("this user cannot have the agent protect a child");
		close(fd);
		free(answer);
		return NULL;
	}
	if (write(fd, request, length) != (ssize_t)length)
		cannot_try("the agent does not listen");
	while (used < ANSWER_SIZE - 1 && (got = read(fd, answer + used, ANSWER_SIZE - 1 - used)) > 0)
		used += (size_t)got;
	close(fd);
	return answer;
}

void protect(const struct aim *aim, pid_t who)
{
	static const char status[] = "GET /v1/status HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
	const char *given = getenv("CT_WORKLOAD");
	char body[96], request[256], wanted[32], name[32];
	char *answer = ask(status, sizeof(status) - 1);
	int length;

	if (!answer)
		return;
	snprintf(wanted, sizeof(wanted), "\"pid\":%d,", aim->target);
	if (!strstr(answer, wanted))
		return;
	snprintf(name, sizeof(name), "child-%d", who);
	length = snprintf(body, sizeof(body), "{\"pid\":%d,\"name\":\"%s\"}", who, given ? given : name);
	length = snprintf(request, sizeof(request),
			  "POST /v1/protect HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
			  "content-type: application/json\r\ncontent-length: %d\r\n\r\n%s",
			  length, body);
	answer = ask(request, (size_t)length);
	if (!answer || strncmp(answer, "HTTP/1.1 200", 12))
		cannot_try("the agent does not protect the child");
}

void reload_agent(void)
{
	static const char request[] = "POST /v1/reload HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
				      "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

	ask(request, sizeof(request) - 1);
}
