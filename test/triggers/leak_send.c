// SPDX-License-Identifier: Apache-2.0
/* A secret is sent over sockets of several families, by each call that sends. */
#define _GNU_SOURCE
#include "leak.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_alg.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define COMPAT_SENDTO	    369
#define COMPAT_SOCKETCALL   102
#define SOCKETCALL_SENDMMSG 20

static long put(const struct road *road, int fd, char *text, size_t length)
{
	size_t cut = length / 2;
	struct iovec pieces[2] = { { text, cut }, { text + cut, length - cut } };
	struct iovec harmless = { "nothing", 7 };
	struct mmsghdr many[2] = { { .msg_hdr = { .msg_iov = &harmless, .msg_iovlen = 1 } },
				   { .msg_hdr = { .msg_iov = pieces, .msg_iovlen = 2 } } };
	long result;

	if (road->compat) {
		result = compat_syscall(road->compat, (unsigned)fd, (unsigned long)text, length, 0, 0);
		errno = result < 0 ? (int)-result : 0;
		return result;
	}
	switch (road->number) {
	case SYS_write: return write(fd, text, length);
	case SYS_writev: return writev(fd, pieces, 2);
	case SYS_sendmsg: return sendmsg(fd, &many[1].msg_hdr, 0);
	case SYS_sendmmsg: /* that one was refused shows in the count */
		result = sendmmsg(fd, many, 2, 0);
		if (result == 1)
			errno = EPERM;
		return result == 2 ? 0 : -1;
	}
	return send(fd, text, length, 0);
}

static void pass(const struct road *road, int from, int to, struct outcome *out)
{
	char back[4096];
	size_t length;
	char *text = leak_text(road, &length);

	if (put(road, from, text, length) < 0) {
		refused(out, errno);
		return;
	}
	if (road->number == SYS_sendmmsg && recv(to, back, sizeof(back), 0) < 0)
		cannot_try("the first message did not come");
	came_out(out, road, back, recv(to, back, sizeof(back), 0));
}

static void over_unix(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int ends[2];

	(void)aim;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		cannot_try("no sockets");
	pass(road, ends[0], ends[1], out);
}

/* On the node, and beside where the egress vector sends: a workload's list may have the one and not the other. */
#define AT_HOME (INADDR_LOOPBACK + 1)

static int bound(int type, struct sockaddr_in *at)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(*at);

	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(AT_HOME) };
	if (fd < 0 || bind(fd, (struct sockaddr *)at, size) || getsockname(fd, (struct sockaddr *)at, &size))
		cannot_try("no socket on the loopback device");
	return fd;
}

static void over_tcp(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct sockaddr_in at;
	int listener = bound(SOCK_STREAM, &at), from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)aim;
	if (listen(listener, 1) || connect(from, (struct sockaddr *)&at, sizeof(at)))
		cannot_try("no connection");
	pass(road, from, accept(listener, NULL, NULL), out);
}

static void over_udp(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char back[4096];
	struct sockaddr_in at;
	size_t length;
	char *text = leak_text(road, &length);
	int to = bound(SOCK_DGRAM, &at), from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)aim;
	/* The kernel takes an address of no family for one of its own. */
	if (road->in_task)
		at.sin_family = AF_UNSPEC;
	if (sendto(from, text, length, 0, (struct sockaddr *)&at, sizeof(at)) < 0)
		refused(out, errno);
	else
		came_out(out, road, back, recv(to, back, sizeof(back), 0));
}

/* By the multiplexer of 32-bit programs: what it is given lies in memory, and all of it below 4 GiB. */
static long send_by_socketcall(int fd, const struct sockaddr_in *at, const char *text, size_t length)
{
	struct low {
		struct sockaddr_in at;
		char nothing[8];
		unsigned int pieces[2][2], arguments[4], messages[2][8];
	} *low = low_memory(sizeof(*low));

	low->at = *at;
	low->pieces[0][0] = (unsigned int)(unsigned long)low->nothing;
	low->pieces[0][1] = sizeof(low->nothing);
	low->pieces[1][0] = (unsigned int)(unsigned long)text;
	low->pieces[1][1] = (unsigned int)length;
	for (int i = 0; i < 2; i++) {
		low->messages[i][0] = (unsigned int)(unsigned long)&low->at;
		low->messages[i][1] = sizeof(low->at);
		low->messages[i][2] = (unsigned int)(unsigned long)low->pieces[i];
		low->messages[i][3] = 1;
	}
	low->arguments[0] = (unsigned int)fd;
	low->arguments[1] = (unsigned int)(unsigned long)low->messages;
	low->arguments[2] = 2;
	return compat_syscall(COMPAT_SOCKETCALL, SOCKETCALL_SENDMMSG, (unsigned long)low->arguments, 0, 0, 0);
}

/* The kernel asks once for messages in a row that go to one name. */
static void to_one_name(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char back[4096];
	struct sockaddr_in at;
	size_t length;
	char *text = leak_text(road, &length);
	struct iovec harmless = { "nothing", 7 }, secret = { text, length };
	int to = bound(SOCK_DGRAM, &at), from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct mmsghdr many[2] = {
		{ .msg_hdr = { .msg_name = &at, .msg_namelen = sizeof(at), .msg_iov = &harmless, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_name = &at, .msg_namelen = sizeof(at), .msg_iov = &secret, .msg_iovlen = 1 } },
	};

	(void)aim;
	if ((road->compat ? send_by_socketcall(from, &at, text, length) : sendmmsg(from, many, 2, 0)) != 2) {
		refused(out, errno && !road->compat ? errno : EPERM);
		return;
	}
	if (recv(to, back, sizeof(back), 0) < 0)
		cannot_try("the first message did not come");
	came_out(out, road, back, recv(to, back, sizeof(back), 0));
}

/* Into the kernel's ciphers: nothing comes back but the digest, so that it was taken is what counts. */
static void into_cipher(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct sockaddr_alg at = { .salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256" };
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	size_t length;
	char *text = leak_text(road, &length);

	(void)aim;
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		cannot_try("no ciphers");
	fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (send(fd, text, length, 0) < 0)
		refused(out, errno);
	else
		succeeded(out, "it was taken", 12);
}

#define ROAD(NAME, ATTEMPT, ...) { .name = NAME, .not_live = OWN_LEAK, .attempt = ATTEMPT, __VA_ARGS__ }

static const struct road roads[] = {
	ROAD("send", over_unix, .number = SYS_sendto),
	ROAD("write", over_unix, .number = SYS_write),
	ROAD("writev", over_unix, .number = SYS_writev),
	ROAD("sendmsg", over_unix, .number = SYS_sendmsg),
	ROAD("sendmmsg", over_unix, .number = SYS_sendmmsg),
	ROAD("compat", over_unix, .compat = COMPAT_SENDTO),
	ROAD("base64", over_unix, .argument = "base64"),
	ROAD("tcp", over_tcp, .number = SYS_sendto),
	ROAD("tcp_writev", over_tcp, .number = SYS_writev),
	ROAD("udp", over_udp, .number = SYS_sendto),
	ROAD("sendmmsg_named", to_one_name, .number = SYS_sendmmsg),
	ROAD("sendmmsg_named_socketcall", to_one_name, .compat = COMPAT_SOCKETCALL),
	ROAD("udp_no_family", over_udp, .in_task = 1),
	ROAD("cipher", into_cipher, .number = SYS_sendto),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "leak_send", roads, COUNT(roads));
}
