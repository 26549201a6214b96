// SPDX-License-Identifier: Apache-2.0
/* Runs in the guest, usually as pid 1: starts commands for the host and carries
 * their streams over one virtio-serial port. Static and without libraries, so
 * that it depends on nothing that a test changes. Frame, both ways: u32 length
 * of the rest, u8 type, u32 id, payload; little endian. See wire.ts. */
#include "guest-agent.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int port;

static void write_all(const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = write(port, at, size);

		if (n > 0) {
			at += n;
			size -= n;
		} else if (errno == EAGAIN) {
			struct pollfd wait = { .fd = port, .events = POLLOUT };

			poll(&wait, 1, 1000);
		} else if (errno != EINTR) {
			return;
		}
	}
}

void send_frame(uint8_t type, uint32_t id, const void *data, uint32_t size)
{
	static char frame[9 + CHUNK];
	uint32_t length = size + 5;

	memcpy(frame, &length, 4);
	frame[4] = type;
	memcpy(frame + 5, &id, 4);
	memcpy(frame + 9, data, size);
	write_all(frame, size + 9);
}

static void handle(uint8_t type, uint32_t id, char *data, size_t size)
{
	struct command *c = find_command(id);

	if (type == EXEC && !c && size > 8) {
		start_command(id, data, size);
	} else if (type == INPUT && c && !c->input_ended) {
		c->queue = realloc(c->queue, c->queued + size);
		memcpy(c->queue + c->queued, data, size);
		c->queued += size;
		feed_input(c);
	} else if (type == INPUT_END && c) {
		c->input_ended = 1;
		feed_input(c);
	} else if (type == KILL && c && !c->exited && size >= 4) {
		uint32_t signal_number;

		memcpy(&signal_number, data, 4);
		/* The child may not have reached setsid yet. */
		if (kill(-c->pid, signal_number))
			kill(c->pid, signal_number);
	}
}

static void receive(void)
{
	static char buffer[MAX_FRAME];
	static size_t have;
	uint32_t length, id;
	size_t used = 0;
	ssize_t n = read(port, buffer + have, sizeof(buffer) - have);

	if (n == 0)
		usleep(20000); /* The host side is not connected. */
	if (n <= 0)
		return;
	have += n;
	while (have - used >= 9) {
		memcpy(&length, buffer + used, 4);
		if (have - used < length + 4)
			break;
		memcpy(&id, buffer + used + 5, 4);
		handle(buffer[used + 4], id, buffer + used + 9, length - 5);
		used += length + 4;
	}
	memmove(buffer, buffer + used, have - used);
	have -= used;
}

static void drain_signals(int signals)
{
	struct signalfd_siginfo ignored;

	while (read(signals, &ignored, sizeof(ignored)) > 0)
		;
}

static int open_port(const char *path)
{
	int tries;

	for (tries = 0; tries < 200; tries++) {
		int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0)
			return fd;
		usleep(50000);
	}
	return -1;
}

int main(int argc, char **argv)
{
	static struct pollfd polled[2048];
	sigset_t set;
	int signals;

	port = open_port(argc > 1 ? argv[1] : "");
	if (port < 0) {
		dprintf(2, "lab: no virtio port: %s\n", strerror(errno));
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	send_frame(HELLO, 0, "1", 1);
	for (;;) {
		struct command *c;
		nfds_t n = 2;

		polled[0] = (struct pollfd){ .fd = port, .events = POLLIN };
		polled[1] = (struct pollfd){ .fd = signals, .events = POLLIN };
		for (c = commands; c && n < 2044; c = c->next) {
			polled[n++] = (struct pollfd){ .fd = c->out, .events = POLLIN };
			polled[n++] = (struct pollfd){ .fd = c->err, .events = POLLIN };
			polled[n++] = (struct pollfd){ .fd = c->queued ? c->in : -1, .events = POLLOUT };
		}
		if (poll(polled, n, -1) < 0)
			continue;
		if (polled[0].revents)
			receive();
		for (c = commands; c; c = c->next) {
			forward(c, &c->out, OUT);
			forward(c, &c->err, ERR);
			feed_input(c);
		}
		drain_signals(signals);
		reap_commands();
		report_finished();
	}
}
