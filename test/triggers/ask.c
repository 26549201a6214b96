// SPDX-License-Identifier: Apache-2.0
/*
 * One request over the agent's control socket; prints the answer's body. Ends with 0 if the status is below 300, 1 if
 * not, 2 if nobody answers.
 *   ask [--for SECONDS] METHOD PATH [BODY]     --for: again and again until the status is below 300
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control.h"

#define PAUSE_US 50000

/* "HTTP/1.1 200 OK"; 0 if it is no such line. */
static int status_of(const char *answer)
{
	return strncmp(answer, "HTTP/1.", 7) ? 0 : atoi(answer + 9);
}

int main(int argc, char **argv)
{
	int waits = argc > 2 && !strcmp(argv[1], "--for"), status = 0;
	char **request = argv + (waits ? 3 : 1), *answer = NULL, *body;
	time_t end = time(NULL) + (waits ? atoi(argv[2]) : 0);
	size_t length = 0;

	if (!request[0] || !request[1]) {
		fprintf(stderr, "usage: ask [--for SECONDS] METHOD PATH [BODY]\n");
		return 2;
	}
	for (;;) {
		int fd = connect_to_agent(AGENT_SOCKET);

		free(answer);
		answer = fd < 0 ? NULL : ask_agent(fd, request[0], request[1], request[2] ? request[2] : "", &length);
		status = answer ? status_of(answer) : 0;
		if ((status >= 200 && status < 300) || time(NULL) >= end)
			break;
		usleep(PAUSE_US);
	}
	if (!status) {
		fprintf(stderr, "nobody answers at %s\n", AGENT_SOCKET);
		return 2;
	}
	body = strstr(answer, "\r\n\r\n");
	if (body)
		fwrite(body + 4, 1, length - (size_t)(body + 4 - answer), stdout);
	return status < 300 ? 0 : 1;
}
