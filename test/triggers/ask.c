// SPDX-License-Identifier: Apache-2.0
/*
 * One request over the agent's control socket; prints the answer's body. Ends with 0 if the status is below 300, 1 if
 * not, 2 if nobody answers. Node takes two seconds to start in a guest, and this nothing.
 *   ask [--for SECONDS] METHOD PATH [BODY]     --for: again and again until the status is below 300
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SOCKET	  "/run/cloudtaser/control.sock"
#define PAUSE_US  50000
#define MAX_BYTES (16 << 20)

struct answer {
	char *text;
	size_t length;
};

static int connect_to_agent(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

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

/* HTTP/1.0, so that the answer comes in one piece and ends with the connection. */
static int ask(char *const *request, struct answer *answer)
{
	const char *body = request[2] ? request[2] : "";
	char head[512];
	int fd = connect_to_agent();
	ssize_t got;
	int length;

	answer->length = 0;
	if (fd < 0)
		return -1;
	length = snprintf(head, sizeof(head),
			  "%s %s HTTP/1.0\r\nhost: localhost\r\ncontent-type: application/json\r\n"
			  "content-length: %zu\r\n\r\n",
			  request[0], request[1], strlen(body));
	if (length >= (int)sizeof(head) || send_all(fd, head, (size_t)length) || send_all(fd, body, strlen(body))) {
		close(fd);
		return -1;
	}
	while (answer->length < MAX_BYTES - 1 &&
	       (got = read(fd, answer->text + answer->length, MAX_BYTES - 1 - answer->length)) > 0)
		answer->length += (size_t)got;
	close(fd);
	answer->text[answer->length] = '\0';
	return answer->length ? 0 : -1;
}

/* "HTTP/1.1 200 OK"; 0 if it is no such line. */
static int status_of(const struct answer *answer)
{
	return strncmp(answer->text, "HTTP/1.", 7) ? 0 : atoi(answer->text + 9);
}

int main(int argc, char **argv)
{
	struct answer answer = { .text = malloc(MAX_BYTES) };
	int waits = argc > 2 && !strcmp(argv[1], "--for");
	char **request = argv + (waits ? 3 : 1);
	time_t end = time(NULL) + (waits ? atoi(argv[2]) : 0);
	const char *body;
	int status = 0;

	if (!answer.text || !request[0] || !request[1]) {
		fprintf(stderr, "usage: ask [--for SECONDS] METHOD PATH [BODY]\n");
		return 2;
	}
	for (;;) {
		status = ask(request, &answer) ? 0 : status_of(&answer);
		if ((status >= 200 && status < 300) || time(NULL) >= end)
			break;
		usleep(PAUSE_US);
	}
	if (!status) {
		fprintf(stderr, "nobody answers at %s\n", SOCKET);
		return 2;
	}
	body = strstr(answer.text, "\r\n\r\n");
	if (body)
		fwrite(body + 4, 1, answer.length - (size_t)(body + 4 - answer.text), stdout);
	return status < 300 ? 0 : 1;
}
