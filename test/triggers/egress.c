// SPDX-License-Identifier: Apache-2.0
/* Something reaches a listener of our own on this node, at an address that is on nobody's list. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "marker.h"

#define PATIENCE_MS    5000
#define COMPAT_CONNECT 362
/* Of no use to anybody: for experiments. */
#define PROTOCOL 253

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct place {
	int fd;
	union address address;
	socklen_t size;
};

static struct place listen_at(int family, int type)
{
	struct place place = { .size = family == AF_INET ? sizeof(place.address.v4) : sizeof(place.address.v6) };

	place.address.any.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		place.address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		place.address.v6.sin6_addr = in6addr_loopback;
	place.fd = socket(family, type | SOCK_CLOEXEC, 0);
	if (place.fd < 0 || bind(place.fd, &place.address.any, place.size) ||
	    (type == SOCK_STREAM && listen(place.fd, 1)) || getsockname(place.fd, &place.address.any, &place.size))
		cannot_try("nobody listens");
	return place;
}

static int socket_of(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		cannot_try("no socket");
	return fd;
}

static void hear(int fd, size_t skip, struct outcome *out)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char found[sizeof(MARKER) + 64];
	ssize_t got;

	do {
		if (poll(&ready, 1, PATIENCE_MS) != 1) {
			refused(out, ENODATA);
			return;
		}
		got = read(fd, found, sizeof(found));
	} while (skip && got != (ssize_t)(skip + sizeof(MARKER)));
	arrived(out, found + skip, got - (ssize_t)skip);
}

static int connect_compat(int fd, const struct place *to)
{
	void *low = low_memory(4096);
	long result;

	memcpy(low, &to->address, to->size);
	result = compat_syscall(COMPAT_CONNECT, (unsigned int)fd, (unsigned long)low, to->size, 0, 0);
	errno = result < 0 ? (int)-result : 0;
	return result < 0 ? -1 : 0;
}

static void by_connection(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct place to = listen_at(road->number == AF_INET6 ? AF_INET6 : AF_INET, SOCK_STREAM);
	int fd = socket_of(road->in_task ? AF_INET6 : to.address.any.sa_family, SOCK_STREAM);
	struct sockaddr_in6 mapped = { .sin6_family = AF_INET6, .sin6_port = to.address.v4.sin_port };

	(void)aim;
	if (road->in_task) {
		inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr);
		to.address.v6 = mapped;
		to.size = sizeof(mapped);
	}
	if (road->compat ? connect_compat(fd, &to) : connect(fd, &to.address.any, to.size)) {
		refused(out, errno);
		return;
	}
	if (send(fd, MARKER, sizeof(MARKER), 0) < 0)
		refused(out, errno);
	else
		hear(accept(to.fd, NULL, NULL), 0, out);
}

static void by_fast_open(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct place to = listen_at(AF_INET, SOCK_STREAM);

	(void)aim;
	if (sendto(socket_of(AF_INET, SOCK_STREAM), MARKER, sizeof(MARKER), road->number, &to.address.any, to.size) < 0)
		refused(out, errno);
	else
		hear(accept(to.fd, NULL, NULL), 0, out);
}

static void by_datagram(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct place to = listen_at(road->number == AF_INET6 ? AF_INET6 : AF_INET, SOCK_DGRAM);
	int fd = socket_of(road->in_task ? AF_INET6 : to.address.any.sa_family, SOCK_DGRAM);
	struct iovec data = { .iov_base = (void *)MARKER, .iov_len = sizeof(MARKER) };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &data, .msg_iovlen = 1, .msg_name = &to.address } };
	long sent;

	(void)aim;
	if (road->file)
		to.address.any.sa_family = AF_UNSPEC;
	message.msg_hdr.msg_namelen = to.size;
	if (road->compat)
		sent = sendmmsg(fd, &message, 1, 0);
	else
		sent = sendto(fd, MARKER, sizeof(MARKER), 0, &to.address.any, to.size);
	if (sent < 0)
		refused(out, errno);
	else
		hear(to.fd, 0, out);
}

/* A datagram socket that gets a peer: nothing is sent yet. */
static void by_peer(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct place to = listen_at(AF_INET, SOCK_DGRAM);
	int fd = socket_of(AF_INET, SOCK_DGRAM);

	(void)aim;
	(void)road;
	if (connect(fd, &to.address.any, to.size))
		refused(out, errno);
	else
		succeeded(out, MARKER, sizeof(MARKER) - 1);
}

static void by_raw(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int ears = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, PROTOCOL);

	(void)aim;
	(void)road;
	if (ears < 0)
		cannot_try("no raw socket");
	if (sendto(ears, MARKER, sizeof(MARKER), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		refused(out, errno);
	else
		hear(ears, sizeof(struct iphdr), out);
}

static void by_frame(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_802_EX1));
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_802_EX1), .sll_halen = 6 };

	(void)aim;
	(void)road;
	to.sll_ifindex = (int)if_nametoindex("lo");
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)))
		cannot_try("no packet socket");
	if (sendto(fd, MARKER, sizeof(MARKER), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		refused(out, errno);
	else
		hear(fd, 0, out);
}

#define ROAD(NAME, ATTEMPT, ...) { .name = NAME, .not_live = OWN_ACT, .attempt = ATTEMPT, ##__VA_ARGS__ }

static const struct road roads[] = {
	ROAD("default", by_connection),
	ROAD("v6", by_connection, .number = AF_INET6),
	ROAD("mapped", by_connection, .in_task = 1),
	ROAD("compat", by_connection, .compat = 1),
	ROAD("fast_open", by_fast_open, .number = MSG_FASTOPEN),
	ROAD("datagram", by_datagram),
	ROAD("datagram_v6", by_datagram, .number = AF_INET6),
	ROAD("datagram_no_family", by_datagram, .file = "AF_UNSPEC"),
	ROAD("datagram_v4_by_v6", by_datagram, .in_task = 1),
	ROAD("datagram_sendmmsg", by_datagram, .compat = 1),
	ROAD("datagram_peer", by_peer),
	ROAD("raw", by_raw),
	ROAD("frame", by_frame),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "egress", roads, COUNT(roads));
}
