// SPDX-License-Identifier: Apache-2.0
/*
 * cloudtaser-canary ROLE: how the agent proves on the live node that each door refuses.
 * "victim" is the process to be attacked, "prober" the attacker; both obey lines on stdin and end with it.
 */
#include "canary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void emit(const char *text, int length)
{
	/* A closed pipe means the agent is gone, and with it whoever could act on the answer. */
	if (length <= 0 || write(STDOUT_FILENO, text, (size_t)length) != length)
		_exit(1);
}

int read_line(char line[CANARY_LINE])
{
	size_t used = 0;
	int overlong = 0;

	for (;;) {
		char byte;
		ssize_t got = read(STDIN_FILENO, &byte, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return 0;
		if (byte == '\n')
			break;
		if (used < CANARY_LINE - 1)
			line[used++] = byte;
		else
			overlong = 1;
	}
	line[overlong ? 0 : used] = '\0';
	return 1;
}

void say_number(const char *word, long number)
{
	char text[CANARY_LINE];

	emit(text, snprintf(text, sizeof(text), "%s %ld\n", word, number));
}

void say(const char *word)
{
	char text[CANARY_LINE];

	emit(text, snprintf(text, sizeof(text), "%s\n", word));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "victim"))
		return run_victim();
	if (argc == 2 && !strcmp(argv[1], "prober"))
		return run_prober();
	fputs("usage: cloudtaser-canary victim|prober\n", stderr);
	return 2;
}
