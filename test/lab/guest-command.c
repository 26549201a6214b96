// SPDX-License-Identifier: Apache-2.0
/* The commands of the guest's agent: start, carry their streams, notice their
 * end. */
#include "guest-agent.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct command *commands;

struct command *find_command(uint32_t id)
{
	struct command *c = commands;

	while (c && c->id != id)
		c = c->next;
	return c;
}

static void run_child(char **argv, char **env, const char *cwd, int in, int out, int err)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	if (chdir(cwd) == 0) {
		environ = env;
		execvp(argv[0], argv);
		dprintf(2, "lab: %s: %s\n", argv[0], strerror(errno));
	} else {
		dprintf(2, "lab: chdir %s: %s\n", cwd, strerror(errno));
	}
	_exit(errno == ENOENT ? 127 : 126);
}

/* Payload: u32 number of arguments, u32 number of variables, then strings that
 * each end in a zero byte: folder, arguments, variables. */
void start_command(uint32_t id, char *data, size_t size)
{
	uint32_t argc, envc, i;
	int in[2], out[2], err[2], status = 126 << 8;
	struct command *c;
	char **strings, *at = data + 8, *end = data + size;

	memcpy(&argc, data, 4);
	memcpy(&envc, data + 4, 4);
	strings = calloc((size_t)argc + envc + 3, sizeof(*strings));
	for (i = 0; i < argc + envc + 1 && at < end; i++) {
		/* One slot stays empty between arguments and variables: both arrays end in
		 * NULL. */
		strings[i <= argc ? i : i + 1] = at;
		at += strlen(at) + 1;
	}
	c = calloc(1, sizeof(*c));
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) || (c->pid = fork()) < 0) {
		const char *why = strerror(errno);

		send_frame(ERR, id, why, strlen(why));
		send_frame(EXIT, id, &status, 4);
		free(c);
		free(strings);
		return;
	}
	if (c->pid == 0)
		run_child(strings + 1, strings + argc + 2, strings[0], in[0], out[1], err[1]);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	c->id = id;
	c->in = in[1];
	c->out = out[0];
	c->err = err[0];
	c->next = commands;
	commands = c;
	free(strings);
}

int forward(struct command *c, int *fd, uint8_t type)
{
	static char chunk[CHUNK];
	ssize_t n;

	if (*fd < 0)
		return 0;
	n = read(*fd, chunk, sizeof(chunk));
	if (n > 0) {
		/* A background process may keep the pipe after its command ended: read on,
		 * so that it never blocks or dies of it. */
		if (!c->reported)
			send_frame(type, c->id, chunk, n);
		return 1;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(*fd);
		*fd = -1;
	}
	return 0;
}

void feed_input(struct command *c)
{
	while (c->in >= 0 && c->queued > 0) {
		ssize_t n = write(c->in, c->queue, c->queued);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			c->queued = 0;
			c->input_ended = 1;
			break;
		}
		memmove(c->queue, c->queue + n, c->queued - n);
		c->queued -= n;
	}
	if (c->in >= 0 && c->input_ended && c->queued == 0) {
		close(c->in);
		c->in = -1;
	}
}

void reap_commands(void)
{
	struct command *c;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (c = commands; c; c = c->next)
			if (c->pid == pid && !c->exited) {
				c->exited = 1;
				c->status = status;
			}
}

void report_finished(void)
{
	struct command **link = &commands, *c;

	while ((c = *link)) {
		if (c->exited && !c->reported) {
			while (forward(c, &c->out, OUT))
				;
			while (forward(c, &c->err, ERR))
				;
			send_frame(EXIT, c->id, &c->status, 4);
			c->reported = 1;
			c->input_ended = 1;
			c->queued = 0;
			feed_input(c);
		}
		if (c->reported && c->out < 0 && c->err < 0) {
			*link = c->next;
			free(c->queue);
			free(c);
		} else {
			link = &c->next;
		}
	}
}
