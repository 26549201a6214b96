// SPDX-License-Identifier: Apache-2.0
/*
 * Random secrets, encoded, put at random places among random bytes and let out by random calls: each must be refused,
 * and pass with one bit of it changed. A child that the agent protects does it, and its parent registers the secrets.
 *   leak_cases SEED SECRETS CASES     prints one line of JSON: how many were missed, and how many wrongly refused
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "encodings.h"

#define SECRETS_MOST 128
#define LONGEST	     4096
#define FORM_WHOLE   1024 /* longer texts are known by pieces, of which others stay whole when one is changed */
#define PIECES_MOST  21
#define WORKLOAD     "cases"

static struct secret {
	size_t length;
	int text; /* printable, so that JSON and shell say what it becomes */
	unsigned char bytes[LONGEST];
} secrets[SECRETS_MOST];

static struct tally {
	long cases, missed, changed, wrong;
	char first[160]; /* what the first missed one was */
} tally;

static unsigned char buffer[1 << 17], text[6 * (LONGEST + 8) + 12], around[LONGEST + 8];
static int null_fd, pair[2];
static uint64_t state;

/* SplitMix64. */
static uint64_t roll(void)
{
	uint64_t z = state += 0x9E3779B97F4A7C15ULL;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
	return z ^ z >> 31;
}

static size_t below(size_t bound)
{
	return roll() % bound;
}

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

enum kind { RAW, LETTERS, PRINTABLE, HEX_DIGITS, ONE_BYTE, KINDS };

static void fill(unsigned char *at, size_t length, enum kind kind)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char same = (unsigned char)roll();

	for (size_t i = 0; i < length; i++) {
		switch (kind) {
		case RAW: at[i] = (unsigned char)roll(); break;
		case LETTERS: at[i] = (unsigned char)letters[below(62)]; break;
		case PRINTABLE: at[i] = (unsigned char)(' ' + below(95)); break;
		case HEX_DIGITS: at[i] = (unsigned char)"0123456789abcdef"[below(16)]; break;
		default: at[i] = same;
		}
	}
}

static void make_secrets(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum kind kind = below(4);

		secrets[i].length = 16 + (below(4) ? below(48) : below(LONGEST - 15));
		secrets[i].text = kind != RAW;
		fill(secrets[i].bytes, secrets[i].length, kind);
	}
}

/* The text with the secret in it; where in it the secret's own characters begin and how many they are. */
static size_t make_text(const struct secret *secret, enum encoding encoding, size_t *own, size_t *size)
{
	size_t before = 0, after = 0, length;

	if (encoding == BASE64 || encoding == BASE64_URL) {
		before = below(4);
		after = below(4);
	}
	fill(around, before, RAW);
	memcpy(around + before, secret->bytes, secret->length);
	fill(around + before + secret->length, after, RAW);
	length = encode(encoding, around, before + secret->length + after, text);
	*own = before ? 4 * before / 3 + 1 : 0;
	*size = length - *own - (before || after ? 4 * after / 3 + 5 : 0);
	return length;
}

static int cut(unsigned char *from, size_t length, struct iovec *pieces)
{
	int count = 2 + (int)below(PIECES_MOST - 1);

	for (int i = 0; i < count; i++) {
		size_t size = i == count - 1 ? length : below(length + 1) / (below(3) + 1);

		pieces[i] = (struct iovec){ from, size };
		from += size;
		length -= size;
	}
	return count;
}

/* The errno, 0 if it went out. */
static int let_out(unsigned int way, unsigned char *from, size_t length, struct iovec *pieces, int count)
{
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = (size_t)count };
	static unsigned char drain[1];
	ssize_t result;

	switch (way) {
	case 0: result = write(null_fd, from, length); break;
	case 1: result = pwrite(null_fd, from, length, 0); break;
	case 2: result = writev(null_fd, pieces, count); break;
	case 3: result = pwritev2(null_fd, pieces, count, -1, 0); break;
	case 4: result = send(pair[0], from, length, 0); break;
	default: result = sendmsg(pair[0], &message, 0);
	}
	if (result < 0)
		return errno;
	if (way >= 4 && recv(pair[1], drain, sizeof(drain), MSG_TRUNC) < 0)
		fail("recv");
	return 0;
}

static void try_case(long number, size_t secrets_in_use)
{
	const struct secret *secret = &secrets[below(secrets_in_use)];
	enum encoding encoding = below(secret->text ? ENCODINGS : JSON);
	size_t own, size, length = make_text(secret, encoding, &own, &size);
	size_t before = below(10) ? below(300) : below(40000), after = below(10) ? below(300) : below(20000), whole;
	struct iovec pieces[PIECES_MOST];
	unsigned int way = (unsigned int)below(6);
	int count, error;

	fill(buffer, before, below(KINDS));
	memcpy(buffer + before, text, length);
	fill(buffer + before + length, after, below(KINDS));
	whole = before + length + after;
	count = cut(buffer, whole, pieces);
	error = let_out(way, buffer, whole, pieces, count);
	if (error && error != EPERM)
		fail("letting it out");
	tally.cases++;
	if (!error) {
		tally.missed++;
		if (!tally.first[0])
			snprintf(tally.first, sizeof(tally.first),
				 "case %ld, secret of %zu, encoding %d, text of %zu at %zu of %zu, way %u, %d pieces",
				 number, secret->length, encoding, length, before, whole, way, count);
	}
	/* In the middle, which belongs to the secret whatever stands beside it. */
	if (length > FORM_WHOLE)
		return;
	buffer[before + own + size / 3 + below(size / 3)] ^= (unsigned char)(1 << below(8));
	tally.changed++;
	if (let_out(way, buffer, whole, pieces, count))
		tally.wrong++;
}

/* With a body that may hold zeros. */
static void request(const char *line, const void *body, size_t length)
{
	int fd = connect_to_agent(AGENT_SOCKET);
	char head[256], answer[4096];
	ssize_t got;

	snprintf(head, sizeof(head), "%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n",
		 line, length, strstr(line, "protect") ? "Content-Type: application/json\r\n" : "");
	if (fd < 0 || write(fd, head, strlen(head)) < 0 || (length && write(fd, body, length) != (ssize_t)length))
		fail("asking the agent");
	got = read(fd, answer, sizeof(answer) - 1);
	answer[got > 0 ? got : 0] = '\0';
	if (strncmp(answer, "HTTP/1.1 200", 12)) {
		fprintf(stderr, "%s: %s\n", line, answer);
		exit(2);
	}
	while (read(fd, answer, sizeof(answer)) > 0)
		;
	close(fd);
}

static void register_all(size_t count)
{
	char line[96];

	for (size_t i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "POST /v1/secrets?workload=" WORKLOAD "&name=s%zu", i);
		request(line, secrets[i].bytes, secrets[i].length);
	}
}

int main(int argc, char **argv)
{
	size_t count = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	long cases = argc == 4 ? atol(argv[3]) : 0;
	int start[2], result[2];
	char body[64], go = 0;
	pid_t child;

	if (!count || count > SECRETS_MOST || cases <= 0)
		return fprintf(stderr, "usage: leak_cases SEED SECRETS CASES\n"), 2;
	state = strtoull(argv[1], NULL, 10);
	make_secrets(count);
	null_fd = open("/dev/null", O_WRONLY);
	if (null_fd < 0 || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) || pipe(start) || pipe(result))
		fail("prepare");
	child = fork();
	if (child == 0) {
		close(start[1]);
		if (read(start[0], &go, 1) != 1)
			_exit(1);
		for (long i = 0; i < cases; i++)
			try_case(i, count);
		_exit(write(result[1], &tally, sizeof(tally)) == sizeof(tally) ? 0 : 1);
	}
	close(result[1]);
	snprintf(body, sizeof(body), "{\"pid\":%d,\"name\":\"" WORKLOAD "\"}", child);
	request("POST /v1/protect", body, strlen(body));
	register_all(count);
	if (write(start[1], &go, 1) != 1 || read(result[0], &tally, sizeof(tally)) != sizeof(tally))
		fail("the child");
	waitpid(child, NULL, 0);
	request("DELETE /v1/secrets?workload=" WORKLOAD, "", 0);
	printf("{\"cases\":%ld,\"missed\":%ld,\"changed\":%ld,\"wrong\":%ld,\"first\":\"%s\"}\n", tally.cases,
	       tally.missed, tally.changed, tally.wrong, tally.first);
	return 0;
}
