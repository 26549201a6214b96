// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define STEP (64 << 10)

int connect_to_agent(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int send_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return -1;
		text += sent;
		length -= (size_t)sent;
	}
	return 0;
}

static char *room_for(char *text, size_t size)
{
	text = realloc(text, size);
	if (!text) {
		fprintf(stderr, "no memory for the agent's answer\n");
		exit(2);
	}
	return text;
}

/* HTTP/1.0, so that the answer comes in one piece and ends with the connection. */
char *ask_agent(int fd, const char *method, const char *path, const char *body, size_t *length)
{
	char *answer = room_for(NULL, STEP), head[512];
	int written = snprintf(head, sizeof(head),
			       "%s %s HTTP/1.0\r\nhost: localhost\r\ncontent-type: application/json\r\n"
			       "content-length: %zu\r\n\r\n",
			       method, path, strlen(body));
	ssize_t got = 0;

	*length = 0;
	if (written < (int)sizeof(head) && !send_all(fd, head, (size_t)written) && !send_all(fd, body, strlen(body))) {
		while ((got = read(fd, answer + *length, STEP - 1)) > 0) {
			*length += (size_t)got;
			answer = room_for(answer, *length + STEP);
		}
	}
	close(fd);
	answer[*length] = '\0';
	return answer;
}
